import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';

import { AccountApi } from './api/account.js';
import { Client } from './api/client.js';
import { cureOf, type RequestFailure } from './api/failure.js';
import type { ConsoleSession } from './api/resources.js';
import { SandboxApi } from './api/sandbox.js';
import { Frame } from './parts/frame.js';
import { LoginPage } from './pages/login.js';
import { ConsoleOf, type ConsoleContext } from './state/console-context.js';
import { LiveCalls } from './state/live-calls.js';
import { asFailure } from './state/resource.js';
import { followSandboxTime } from './state/sandbox-time.js';
import { ServerClock } from './state/server-clock.js';

type Stage =
  | { readonly at: 'start' | 'login' }
  | { readonly at: 'failed'; readonly failure: RequestFailure }
  | { readonly at: 'console'; readonly session: ConsoleSession };

/** Log-in, then the console. */
export function App() {
  const [stage, setStage] = useState<Stage>({ at: 'start' });
  const client = useMemo(
    () =>
      // A proxy may have put the controller below a path of its own.
      new Client(location.pathname.replace(/\/console\/?.*$/, ''), new ServerClock(), () =>
        setStage({ at: 'login' }),
      ),
    [],
  );
  const enter = useCallback(async () => {
    try {
      // Null where nobody is logged in: that is no failure, which the browser would write into its log.
      const session = await client.get<ConsoleSession | null>('/console/session');
      setStage(session === null ? { at: 'login' } : { at: 'console', session });
    } catch (error) {
      setStage({ at: 'failed', failure: asFailure(error) });
    }
  }, [client]);
  useEffect(() => void enter(), [enter]);

  switch (stage.at) {
    case 'start':
      return <p class="start">Connecting…</p>;
    case 'login':
      return <LoginPage client={client} onLoggedIn={enter} />;
    case 'failed':
      return (
        <main class="start">
          <h1>Maskline</h1>
          <p role="alert">
            <strong>{stage.failure.message}</strong> {cureOf(stage.failure)}
          </p>
          <button type="button" class="button primary" onClick={() => void enter()}>
            Try again
          </button>
        </main>
      );
    case 'console':
      return <Console client={client} session={stage.session} onLeft={() => setStage({ at: 'login' })} />;
  }
}

function Console(props: { client: Client; session: ConsoleSession; onLeft: () => void }) {
  const { client, session, onLeft } = props;
  const [context, setContext] = useState<ConsoleContext | null>(null);
  useEffect(() => {
    const api = new AccountApi(client, session.auth_id);
    const sandbox = session.sandbox ? new SandboxApi(client) : null;
    const live = new LiveCalls(api, onLeft);
    const endTime = sandbox === null ? undefined : followSandboxTime(sandbox, client.clock);
    const logOut = (): void => {
      // Whether or not it was heard, nobody is at the console any more.
      void client.post('/console/logout').then(onLeft, onLeft);
    };
    setContext({ session, api, sandbox, clock: client.clock, live, logOut });
    return () => {
      live.close();
      endTime?.();
    };
  }, [client, session]);
  if (context === null) return null;
  return (
    <ConsoleOf.Provider value={context}>
      <Frame />
    </ConsoleOf.Provider>
  );
}
