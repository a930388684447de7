/** `fail`: calls or the API suffer. `warn`: they will, or might. `skipped`: it could not be looked at. */
export type Level = 'ok' | 'warn' | 'fail' | 'skipped';

/** What one check found. None of its texts holds a secret or a person's number. */
export interface Finding {
  /** Stable, such as `redis.durability`. */
  readonly check: string;
  readonly level: Level;
  /** What was looked at. */
  readonly subject: string;
  /** How it is, or why it is wrong. */
  readonly cause: string;
  /** What to do; "" when nothing. */
  readonly cure: string;
}

/** What cures a node that was started with files of another version. */
export const START_WITH_OURS = 'start it again with freeswitch/start.sh and dialplan/ of this version';

/** Makes the findings of one check. */
export class Check {
  constructor(
    readonly id: string,
    readonly subject: string,
  ) {}

  ok(cause: string): Finding {
    return this.#found('ok', cause, '');
  }

  warn(cause: string, cure: string): Finding {
    return this.#found('warn', cause, cure);
  }

  fail(cause: string, cure: string): Finding {
    return this.#found('fail', cause, cure);
  }

  /** `needs`: what has to be put right first. */
  skipped(needs: string): Finding {
    return this.#found('skipped', `not checked: needs ${needs}`, '');
  }

  #found(level: Level, cause: string, cure: string): Finding {
    return { check: this.id, level, subject: this.subject, cause, cure };
  }
}

const MARKS: Readonly<Record<Level, string>> = { ok: 'ok  ', warn: 'warn', fail: 'FAIL', skipped: '-   ' };

/** `ok|warn|FAIL  what — cause; cure`, on one line. */
export function findingLine({ level, subject, cause, cure }: Finding): string {
  return `${MARKS[level]}  ${subject} — ${cause}${cure === '' ? '' : `; ${cure}`}`;
}
