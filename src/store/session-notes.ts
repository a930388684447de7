import type { MaskingSession } from '../masking/session.js';
import type { SessionNote, SessionNotice } from '../masking/session-note.js';
import { numberKey } from './keys.js';
import type { Scripts } from './scripts.js';

/** Notes that a session keeps; the one that was last true longest ago gives way. */
const MOST_NOTES = 50;

interface StoredNote {
  readonly text: string;
  readonly first: string;
  readonly last: string;
  readonly count: number;
}

/** Notes about sessions. They are a field of the session, and end with it. */
export class SessionNotes {
  readonly #scripts: Scripts;

  constructor(scripts: Scripts) {
    this.#scripts = scripts;
  }

  /**
   * Notes what happened at `now` (milliseconds since the epoch). The same event, parameter and code again are
   * counted. False when the session is not known any more. Throws StoreUnavailableError.
   */
  async note(
    session: Pick<MaskingSession, 'id' | 'virtualNumber'>,
    { event, parameter, code, message }: SessionNotice,
    now: number,
  ): Promise<boolean> {
    const key = `${event} ${parameter} ${code}`;
    const args = [session.id, key, JSON.stringify({ event, parameter, code, message }), now, MOST_NOTES];
    return (await this.#scripts.run('note-session', [numberKey(session.virtualNumber)], args)) === 1;
  }

  /** Those of a session, the one that was last true longest ago first. Throws StoreUnavailableError. */
  async of(session: Pick<MaskingSession, 'id' | 'virtualNumber'>): Promise<SessionNote[]> {
    const reply = await this.#scripts.run('read-notes', [numberKey(session.virtualNumber)], [session.id]);
    if (typeof reply !== 'string') return [];
    return (JSON.parse(reply) as StoredNote[]).map(({ text, first, last, count }) => ({
      ...(JSON.parse(text) as SessionNotice),
      first: Number(first),
      last: Number(last),
      count,
    }));
  }
}
