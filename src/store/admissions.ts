import type { Admission, CallAdmissions, InteractionStart } from '../calls/ports.js';
import type { CallLimit, CallLimits } from '../masking/call-limits.js';
import { subaccountOf } from '../masking/session.js';
import { LIMITS_KEY } from './keys.js';
import type { RedisClient } from './redis.js';
import { guarded, type Reply, type Scripts } from './scripts.js';
import { dayOf } from './utc-spans.js';

/**
 * The calls that run on all numbers, counted in Redis: as a whole, per node and per subaccount. What is counted
 * per number and session is counted by the claim of the session.
 *
 * A call is counted until its end is written, or its claim lapses: no count is left by a controller or a node
 * that died.
 */
export class Admissions implements CallAdmissions {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #limits: CallLimits;

  constructor(client: RedisClient, scripts: Scripts, limits: CallLimits) {
    this.#client = client;
    this.#scripts = scripts;
    this.#limits = limits;
  }

  async admit(start: InteractionStart, now: number): Promise<Admission> {
    const reply = await this.#scripts.run(
      'admit-call',
      [LIMITS_KEY],
      [
        ...[start.id, now, start.claimUntil, start.node, subaccountOf(start.accountId), dayOf(now)],
        ...this.#limitsInOrder(),
      ],
    );
    return admissionFrom(reply);
  }

  /** What {@link admit} would say now of a call of that account on that node. Takes nothing. */
  async look(accountId: string, node: string, now: number): Promise<Admission> {
    const reply = await this.#scripts.run(
      'look-at-admission',
      [LIMITS_KEY],
      [now, node, subaccountOf(accountId), dayOf(now), ...this.#limitsInOrder()],
    );
    return admissionFrom(reply);
  }

  /** Calls that run, on all nodes; those whose claims lapsed since the last call began are still among them. */
  async running(): Promise<number> {
    return Number((await guarded(() => this.#client.hget(`${LIMITS_KEY}:running`, 'total'))) ?? 0);
  }

  async dismiss(interactionId: string, now: number): Promise<void> {
    await this.ended(interactionId, 0, now);
  }

  /** Counts a call out that ended at `endedAt` (milliseconds since the epoch), with its seconds of talk. Once. */
  async ended(interactionId: string, seconds: number, endedAt: number): Promise<void> {
    await this.#scripts.run('dismiss-call', [LIMITS_KEY], [interactionId, seconds, dayOf(endedAt)]);
  }

  /** As the scripts want them, see lua/include/admission.lua. */
  #limitsInOrder(): number[] {
    const limits = this.#limits;
    return [
      ...[limits.MAX_CALLS_PER_SUBACCOUNT, limits.MAX_CALLS_PER_NODE, limits.MAX_CALLS_TOTAL],
      ...[limits.CALL_RATE_PER_SUBACCOUNT, limits.CALL_RATE_PER_NODE, limits.CALL_RATE_TOTAL],
      ...[limits.DAILY_MINUTES_PER_SUBACCOUNT * 60, limits.DAILY_MINUTES_TOTAL * 60],
    ];
  }
}

function admissionFrom(reply: Reply): Admission {
  const [limit, left] = reply as Reply[];
  if (typeof limit === 'string') return { limit: limit as CallLimit };
  return { limit: null, secondsLeft: left === '' ? null : Math.max(0, Number(left)) };
}
