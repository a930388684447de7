import { useState } from 'preact/hooks';

import type { Client } from '../api/client.js';
import { cureOf, type RequestFailure } from '../api/failure.js';
import { TextField } from '../parts/field.js';
import { NoticeLine } from '../parts/notice-line.js';
import { ThemeSwitch } from '../parts/theme-switch.js';
import { asFailure } from '../state/resource.js';

/** Asks for the credentials of the main account. */
export function LoginPage({ client, onLoggedIn }: { client: Client; onLoggedIn: () => Promise<void> }) {
  const [failure, setFailure] = useState<RequestFailure | null>(null);
  const [isBusy, setBusy] = useState(false);
  const logIn = async (form: HTMLFormElement): Promise<void> => {
    const given = new FormData(form);
    setBusy(true);
    setFailure(null);
    try {
      await client.post('/console/login', {
        auth_id: given.get('auth_id'),
        auth_token: given.get('auth_token'),
      });
      await onLoggedIn();
    } catch (error) {
      setFailure(asFailure(error));
    }
    setBusy(false);
  };
  return (
    <main class="login">
      <div class="login-theme">
        <ThemeSwitch />
      </div>
      <form
        class="panel"
        onSubmit={(event) => {
          event.preventDefault();
          void logIn(event.currentTarget);
        }}
      >
        <h1>Maskline console</h1>
        <p class="hint">For the main account: what AUTH_ID and AUTH_TOKEN are set to at the controller.</p>
        <TextField
          label="Auth ID"
          name="auth_id"
          input={{ required: true, autocomplete: 'username', autofocus: true }}
        />
        <TextField
          label="Auth token"
          name="auth_token"
          input={{ required: true, type: 'password', autocomplete: 'current-password' }}
        />
        {failure === null ? null : (
          <p class="failure" role="alert">
            <strong>{failure.message}</strong>{' '}
            {failure.status === 401 ? 'Check both against the controller’s settings.' : cureOf(failure)}
          </p>
        )}
        <button type="submit" class="button primary" disabled={isBusy}>
          Log in
        </button>
      </form>
      <NoticeLine />
    </main>
  );
}
