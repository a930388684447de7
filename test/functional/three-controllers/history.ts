/** An instant is in milliseconds, by performance.now(). */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A session as its client knows it: what it asked for, and when it was told what. */
export interface Known {
  id: string;
  number: string;
  readonly parties: (string | null)[];
  pins: readonly [string, string] | null;
  readonly announces: boolean;
  /** A session with one party: unknown callers reach it. */
  readonly party: string | null;
  readonly askedAt: number;
  /** Infinity until the create was answered with 201; it never is when it was refused. */
  answeredAt: number;
  /** When its end was asked for, or its time is over at the earliest. */
  endAskedAt: number;
  /** When its end was answered, or its time is over at the latest. */
  endedAt: number;
  fill: { readonly who: string; readonly askedAt: number; answeredAt: number } | null;
}

/** A call, as its caller and the phone that answered it know it. */
export interface Call {
  readonly caller: string;
  readonly number: string;
  /** The PIN that the caller keys when it is asked for one. */
  readonly pin: string | null;
  readonly placedAt: number;
  endedAt: number;
  status: number;
  /** Who was heard at the other end; null for nobody. */
  reached: string | null;
}

/** Everything that fifty clients did and were told, to be checked once they are done. */
export class History {
  readonly sessions: Known[] = [];
  readonly calls: Call[] = [];

  /** Sessions that exist as far as their clients know, and whose end nobody has asked for. */
  live(now: number): Known[] {
    return this.sessions.filter((session) => session.answeredAt <= now && now < session.endAskedAt);
  }

  /**
   * Pairs of sessions that led one caller, or one PIN, of one number to two places at the same time for certain; and
   * pairs that both had the number's unknown callers.
   */
  conflicts(): string[] {
    const claims = this.sessions.flatMap((session) => {
      const span = { from: session.answeredAt, to: session.endAskedAt };
      const { number, fill } = session;
      const people = session.parties.flatMap((who) =>
        who === null ? [] : [{ what: `${number} ${who}`, span }],
      );
      const filled =
        fill === null
          ? []
          : [{ what: `${number} ${fill.who}`, span: { from: fill.answeredAt, to: span.to } }];
      const pins = (session.pins ?? []).map((pin) => ({ what: `${number} PIN ${pin}`, span }));
      return [...people, ...filled, ...pins].map((claim) => ({ ...claim, session }));
    });
    const twice = pairsOf(claims, ({ what }) => what)
      .filter(([one, other]) => one.session !== other.session && overlap(one.span, other.span))
      .map(([one, other]) => `${one.what}: ${one.session.id} and ${other.session.id}`);
    const strangers = pairsOf(
      this.sessions.filter(({ party, pins, announces }) => party !== null || pins !== null || announces),
      ({ number }) => number,
    )
      .filter(([one, other]) => one.party !== null || other.party !== null)
      .filter(([one, other]) => overlap(sure(one), sure(other)))
      .map(([one, other]) => `${one.number} unknown callers: ${one.id} and ${other.id}`);
    return [...twice, ...strangers];
  }

  /** Whom a call may have reached, by any session that may have lived while it was set up. */
  mayReach(call: Call): Set<string> {
    const may = new Set<string>();
    const during = { from: call.placedAt, to: call.endedAt };
    for (const session of this.sessions) {
      if (session.number !== call.number || !overlap({ from: session.askedAt, to: session.endedAt }, during))
        continue;
      const [first, second] = session.parties;
      const filled = session.fill !== null && session.fill.askedAt <= call.endedAt ? session.fill.who : null;
      const one = first ?? filled;
      const other = second ?? filled;
      if (call.caller === one && other != null) may.add(other);
      if (call.caller === other && one != null) may.add(one);
      if (session.party !== null && call.caller !== session.party) may.add(session.party);
      if (session.party === call.caller) for (const who of this.#cameBefore(call)) may.add(who);
      if (session.pins?.[0] === call.pin && second != null) may.add(second);
      if (session.pins?.[1] === call.pin && first != null) may.add(first);
    }
    return may;
  }

  /** True when a session of two parties led the caller somewhere for as long as the call was set up. */
  mustLeadSomewhere(call: Call): boolean {
    return this.sessions.some(
      (session) =>
        session.number === call.number &&
        !session.parties.includes(null) &&
        session.parties.includes(call.caller) &&
        session.answeredAt <= call.placedAt &&
        call.endedAt < session.endAskedAt,
    );
  }

  /** Callers of the number who may have taken the place of a missing party. */
  #cameBefore({ number, endedAt }: Call): string[] {
    return this.calls
      .filter((call) => call.number === number && call.placedAt <= endedAt)
      .map(({ caller }) => caller);
  }
}

const sure = (session: Known): Span => ({ from: session.answeredAt, to: session.endAskedAt });

function overlap(one: Span, other: Span): boolean {
  return Math.max(one.from, other.from) < Math.min(one.to, other.to);
}

function pairsOf<T>(all: readonly T[], keyOf: (each: T) => string): [T, T][] {
  const groups = new Map<string, T[]>();
  for (const each of all) {
    const group = groups.get(keyOf(each));
    if (group === undefined) groups.set(keyOf(each), [each]);
    else group.push(each);
  }
  return [...groups.values()].flatMap((group) =>
    group.flatMap((one, index) => group.slice(index + 1).map((other): [T, T] => [one, other])),
  );
}
