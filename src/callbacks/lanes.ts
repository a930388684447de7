/** What came of an attempt; `stopped` says nothing of the receiver. */
export type AttemptOutcome = 'answered' | 'silent' | 'stopped';

/**
 * What counts as one receiver: a host and port, for each account. Two accounts may share a host (a gateway, a
 * service that takes webhooks) and be answered there by different programs.
 */
export function receiverNamed(accountId: string, url: string): string {
  return `${accountId} ${new URL(url).host}`;
}

/** Leave of a receiver to be sent one more callback. */
export interface Entry {
  /** To be called once the attempt is over. A receiver that answered in time has `answered`, whatever it said. */
  leave(outcome: AttemptOutcome): void;
}

export interface ReceiverLanesOptions {
  /** Attempts under way at all receivers together, at most. */
  readonly places: number;
  /** Attempts under way at one receiver, at most. */
  readonly most: number;
  /** Receivers that are remembered. Default 10,000. */
  readonly remembered?: number;
  /** Milliseconds, of a clock that never goes back. */
  readonly now?: () => number;
}

/**
 * What is known of a receiver: nothing yet; that it answers; that it answers late, or has not answered an
 * attempt under way for long; that it does not answer.
 */
type Standing = 'unknown' | 'good' | 'slow' | 'down';

interface Lane {
  standing: Standing;
  /** Attempts under way, the oldest first. */
  readonly running: Set<Attempt>;
  /** Attempts that may be under way at once. */
  limit: number;
  /** Attempts in a row without an answer. */
  misses: number;
  /** Milliseconds that an attempt takes, on average. */
  average: number;
  /** Until when it is left in peace, and until when places were promised to those that had to wait. */
  restsUntil: number;
  promised: number;
}

interface Attempt {
  readonly lane: Lane;
  readonly since: number;
}

/** Attempts at once at a receiver that is not known yet. */
const FIRST_LIMIT = 2;
const FIRST_AVERAGE = 200;
/** Share of the newest attempt in the average. */
const WEIGHT = 0.2;
/** Milliseconds without an answer after which a receiver counts as slow: well below any timeout, far above an answer. */
const PATIENCE = 2_000;
/** A receiver that answered before is down after so many misses in a row; one that never did, after the first. */
const MOST_MISSES = 3;
/** Longest rest between two attempts at a receiver that is down, in milliseconds. */
const LONGEST_REST = 30_000;
/** Bounds of a wait, in milliseconds: a receiver that is well again is found to be so soon. */
const SHORTEST_WAIT = 100;
const LONGEST_WAIT = 60_000;
/**
 * Milliseconds between two callbacks that come back to receivers of one standing, of those that are in doubt:
 * coming back to no avail costs the controller and Redis time that others wait for.
 */
const SPACING = 10;
const REMEMBERED = 10_000;

/**
 * Bounds the attempts under way per receiver, and what all that are in doubt may hold together, so that a
 * receiver that answers always finds a place, however many others do not.
 *
 * A receiver begins with two attempts at once and may have one more with each answer (which doubles them in
 * each round). Each miss halves that. One that is down is asked by one attempt at a time, and rests after each
 * for as long as it kept us waiting; its first answer makes it good again. Of all places, receivers that are
 * down and those that are unknown may enter up to a quarter each, slow ones another; no good one may have more
 * than a quarter of what is free, so that places are left even when many of them fall silent at once.
 */
export class ReceiverLanes {
  readonly #places: number;
  readonly #most: number;
  readonly #remembered: number;
  readonly #now: () => number;
  /** The one that was met longest ago first. */
  readonly #lanes = new Map<string, Lane>();
  /** Attempts under way that are not overdue yet, the oldest first. */
  readonly #young = new Set<Attempt>();
  readonly #running: Record<Standing, number> = { unknown: 0, good: 0, slow: 0, down: 0 };
  /** When the next callback that had to wait for others' receivers may come back. */
  readonly #turns: Record<Standing, number> = { unknown: 0, good: 0, slow: 0, down: 0 };

  constructor({
    places,
    most,
    remembered = REMEMBERED,
    now = () => performance.now(),
  }: ReceiverLanesOptions) {
    this.#places = places;
    this.#most = most;
    this.#remembered = remembered;
    this.#now = now;
  }

  /** Receivers that are remembered. */
  get size(): number {
    return this.#lanes.size;
  }

  /** Attempts under way. */
  get running(): number {
    const { unknown, good, slow, down } = this.#running;
    return unknown + good + slow + down;
  }

  /** Whether the receiver does not answer, as far as is known here. */
  isDown(receiver: string): boolean {
    return this.#lanes.get(receiver)?.standing === 'down';
  }

  /**
   * Leave to send to the receiver now, or the milliseconds after which to ask again. Those who wait are
   * spread over the time in which their turn is likely to come.
   */
  enter(receiver: string): Entry | number {
    const now = this.#now();
    this.#judgeOverdue(now);
    const lane = this.#met(receiver);
    if (!this.#hasRoom(lane, now)) return this.#turnOf(lane, now);
    const attempt: Attempt = { lane, since: now };
    lane.running.add(attempt);
    this.#young.add(attempt);
    this.#running[lane.standing] += 1;
    return { leave: (outcome) => this.#leave(attempt, outcome) };
  }

  #leave(attempt: Attempt, outcome: AttemptOutcome): void {
    const { lane } = attempt;
    if (!lane.running.delete(attempt)) return;
    this.#young.delete(attempt);
    this.#running[lane.standing] -= 1;
    if (outcome === 'stopped') return;
    const now = this.#now();
    const took = now - attempt.since;
    lane.average += WEIGHT * (took - lane.average);
    if (outcome === 'answered') {
      lane.misses = 0;
      lane.restsUntil = 0;
      lane.limit = Math.min(this.#most, lane.limit + 1);
      this.#stand(lane, took > PATIENCE ? 'slow' : 'good');
      return;
    }
    lane.misses += 1;
    lane.limit = Math.max(1, Math.floor(lane.limit / 2));
    if (lane.standing === 'unknown' || lane.misses >= MOST_MISSES) this.#stand(lane, 'down');
    if (lane.standing !== 'down') return;
    lane.limit = 1;
    lane.restsUntil = now + Math.min(LONGEST_REST, took);
  }

  /** An attempt that is without an answer for long says so before its timeout does, or a dead receiver filled its lane. */
  #judgeOverdue(now: number): void {
    for (const attempt of this.#young) {
      if (now - attempt.since <= PATIENCE) return;
      this.#young.delete(attempt);
      const { lane } = attempt;
      if (lane.standing === 'unknown') this.#stand(lane, 'down');
      else if (lane.standing === 'good') this.#stand(lane, 'slow');
    }
  }

  #stand(lane: Lane, standing: Standing): void {
    this.#running[lane.standing] -= lane.running.size;
    this.#running[standing] += lane.running.size;
    lane.standing = standing;
  }

  #hasRoom(lane: Lane, now: number): boolean {
    const free = this.#places - this.running;
    const under = lane.running.size;
    if (free <= 0 || under >= lane.limit) return false;
    const { unknown, slow, down } = this.#running;
    const quarter = Math.max(1, Math.floor(this.#places / 4));
    const unanswered = unknown + down < Math.max(1, Math.floor(this.#places / 2));
    switch (lane.standing) {
      case 'good':
        return under < Math.max(1, Math.floor(free / 4));
      case 'slow':
        return slow < quarter && under < Math.max(1, Math.floor((quarter - slow) / 2));
      case 'unknown':
        return unknown < quarter && unanswered;
      case 'down':
        return down < quarter && unanswered && under === 0 && now >= lane.restsUntil;
    }
  }

  /** The lane of a receiver, which is now the one that was met last. */
  #met(receiver: string): Lane {
    const lane = this.#lanes.get(receiver) ?? {
      standing: 'unknown',
      running: new Set(),
      limit: Math.min(FIRST_LIMIT, this.#most),
      misses: 0,
      average: FIRST_AVERAGE,
      restsUntil: 0,
      promised: 0,
    };
    this.#lanes.delete(receiver);
    this.#lanes.set(receiver, lane);
    if (this.#lanes.size > this.#remembered) this.#forgetOne();
    return lane;
  }

  #forgetOne(): void {
    for (const [receiver, { running }] of this.#lanes) {
      if (running.size > 0) continue;
      this.#lanes.delete(receiver);
      return;
    }
  }

  #turnOf(lane: Lane, now: number): number {
    const { standing, running, limit } = lane;
    // A receiver that answers will have a wider lane by then.
    const width = standing === 'good' || standing === 'unknown' ? this.#most : limit;
    lane.promised = Math.max(now, lane.restsUntil, lane.promised) + lane.average / width;
    // Until it is known, as long again as it has kept us waiting.
    const [oldest] = running;
    const soonest = standing === 'unknown' && oldest !== undefined ? now - oldest.since : 0;
    const wait = Math.min(LONGEST_WAIT, Math.max(SHORTEST_WAIT, soonest, lane.promised - now));
    if (standing !== 'down' && (standing === 'good' || running.size >= limit)) return wait;
    this.#turns[standing] = Math.max(now, this.#turns[standing]) + SPACING;
    return Math.max(wait, this.#turns[standing] - now);
  }
}
