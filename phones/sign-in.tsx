import { useState } from 'preact/hooks';
import type { VNode } from 'preact';

import { Problem } from './api.js';
import type { Credentials } from './credentials.js';

/** Asks for what the API is used with. */
export function SignIn({ open }: { readonly open: (credentials: Credentials) => Promise<void> }): VNode {
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);

  const submit = async (form: HTMLFormElement): Promise<void> => {
    const fields = new FormData(form);
    const field = (name: string): string => {
      const value = fields.get(name);
      return typeof value === 'string' ? value.trim() : '';
    };
    setBusy(true);
    setProblem('');
    try {
      await open({ id: field('id'), token: field('token') });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error.message);
    } finally {
      setBusy(false);
    }
  };

  return (
    <main class="sign-in">
      <h1>Maskline phones</h1>
      <p>
        Two test phones on one page. They play the parts of two phones on the public network, and call each
        other through a virtual number.
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit(event.currentTarget);
        }}
      >
        <label>
          Account (AUTH_ID)
          <input name="id" required autocomplete="off" spellcheck={false} />
        </label>
        <label>
          Token (AUTH_TOKEN)
          <input name="token" type="password" required autocomplete="off" />
        </label>
        <p class="hint">
          <code>npm start</code> prints both, and they are in the file <code>.env</code>. This page keeps them
          in its memory alone: loading it again forgets them.
        </p>
        <button type="submit" class="primary" disabled={busy}>
          {busy ? 'Connecting…' : 'Connect the phones'}
        </button>
      </form>
      <p class="problem" role="alert">
        {problem}
      </p>
    </main>
  );
}
