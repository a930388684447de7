import type { MaskingSession } from '../masking/session.js';
import type { SessionNotice } from '../masking/session-note.js';
import type { Logger } from '../telemetry/logger.js';
import { PromptError } from './errors.js';

/** The API's names of the parameters that hold a prompt's URL. */
export type PromptParameter =
  | 'first_party_play_url'
  | 'second_party_play_url'
  | 'unknown_caller_play'
  | 'pin_prompt_play'
  | 'incorrect_pin_play';

/** The prompts that a session names, by parameter, without those that it leaves out. */
export function promptsOf(session: Pick<MaskingSession, 'settings' | 'pin'>): [PromptParameter, string][] {
  const { settings, pin } = session;
  const all: [PromptParameter, string][] = [
    ['first_party_play_url', settings.firstPartyPlayUrl],
    ['second_party_play_url', settings.secondPartyPlayUrl],
    ['unknown_caller_play', settings.unknownCallerPlay],
    ['pin_prompt_play', pin?.promptPlay ?? ''],
    ['incorrect_pin_play', pin?.incorrectPlay ?? ''],
  ];
  return all.filter(([, url]) => url !== '');
}

export interface SessionPromptsOptions {
  readonly library: { ensure(url: string): Promise<string> };
  readonly urls: { need(urls: readonly string[], until: number, now: number): Promise<void> };
  readonly notes: {
    note(
      session: Pick<MaskingSession, 'id' | 'virtualNumber'>,
      notice: SessionNotice,
      now: number,
    ): Promise<boolean>;
  };
  readonly log: Pick<Logger, 'warn'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Has the prompts of a session ready before a call needs them, and says in the session which cannot be had. */
export class SessionPrompts {
  readonly #options: SessionPromptsOptions;

  constructor(options: SessionPromptsOptions) {
    this.#options = options;
  }

  /** For a session that was created or changed. Resolves once each prompt is there or failed; never rejects. */
  async prepare(session: MaskingSession): Promise<void> {
    const prompts = promptsOf(session);
    if (prompts.length === 0) return;
    const { urls, log, now } = this.#options;
    const remembered = urls
      .need(
        prompts.map(([, url]) => url),
        session.expiresAt,
        now(),
      )
      .catch((error: unknown) =>
        log.warn({ err: error, session: session.id }, 'prompts to keep ready were not noted'),
      );
    await Promise.all([remembered, ...prompts.map(([name, url]) => this.#prepare(session, name, url))]);
  }

  async #prepare(session: MaskingSession, parameter: PromptParameter, url: string): Promise<void> {
    const { library, notes, log, now } = this.#options;
    try {
      await library.ensure(url);
    } catch (error) {
      const reason = error instanceof PromptError ? error : null;
      if (reason?.code === 'ERR_PROMPT_CLOSED') return;
      const code = reason?.code ?? 'ERR_PROMPT_FOLDER';
      const message = reason?.message ?? 'the prompts folder cannot be used';
      await notes
        .note(session, { event: 'prompt-unavailable', parameter, code, message }, now())
        .catch((failure: unknown) =>
          log.warn({ err: failure, session: session.id }, 'what became of a prompt was not noted'),
        );
    }
  }
}
