import { useEffect, useState } from 'preact/hooks';
import type { VNode } from 'preact';

import { Problem, type Api } from './api.js';
import type { Session } from './credentials.js';

interface Properties {
  readonly api: Api;
  /** Digits of the two phones. */
  readonly first: string;
  readonly second: string;
  /** A number on which the two reach each other. */
  readonly onReady: (number: string) => void;
}

/** Masking sessions between the two phones: makes, shows and ends them by the API. */
export function SessionsCard({ api, first, second, onReady }: Properties): VNode {
  const [sessions, setSessions] = useState<readonly Session[]>([]);
  const [news, setNews] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);

  const run = async (action: () => Promise<string>): Promise<void> => {
    setBusy(true);
    setProblem('');
    try {
      setNews(await action());
      setSessions(await api.sessions(first, second));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setNews('');
      setProblem(error.message);
    } finally {
      setBusy(false);
    }
  };

  useEffect(() => void run(() => Promise.resolve('')), [api]);

  const create = async (withPin: boolean): Promise<string> => {
    const session = await api.createSession(first, second, withPin);
    onReady(session.number);
    return session.pin === null
      ? `Dial ${session.number} on either phone: the other one rings, and shows ${session.number}.`
      : `Dial ${session.number} on the first phone, and key ${session.pin} when you are asked: the second phone rings.`;
  };

  return (
    <section aria-labelledby="sessions">
      <h2 id="sessions">Masking session</h2>
      <p>A session says who reaches whom through which virtual number.</p>
      <div class="row">
        <button type="button" class="primary" disabled={busy} onClick={() => void run(() => create(false))}>
          Make a session between these two phones
        </button>
        <button type="button" disabled={busy} onClick={() => void run(() => create(true))}>
          Make one with a PIN
        </button>
      </div>
      <p role="status">{news}</p>
      <p class="problem" role="alert">
        {problem}
        {problem.includes('pool exhausted') &&
          ' Every virtual number has a session of these phones: end one.'}
      </p>
      {sessions.length > 0 && (
        <ul class="sessions" aria-label="Sessions between these phones">
          {sessions.map((session) => (
            <li key={session.id}>
              <span>
                <strong>{session.number}</strong>
                {session.pin !== null && <> · PIN of the first phone {session.pin}</>}
              </span>
              <button
                type="button"
                disabled={busy}
                aria-label={`End the session on ${session.number}`}
                onClick={() =>
                  void run(async () => {
                    await api.endSession(session.id);
                    return `The session on ${session.number} is over.`;
                  })
                }
              >
                End
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
