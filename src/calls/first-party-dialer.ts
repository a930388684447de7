import { setTimeout as sleep } from 'node:timers/promises';
import { isTrunkFault, originateString, SOFTPHONE_TRUNK } from '../freeswitch/dial-string.js';
import type { Logger } from '../telemetry/logger.js';
import type { LegRecord } from '../masking/interaction.js';
import type { E164 } from '../masking/phone-number.js';
import { targetOf } from '../masking/resolve.js';
import { isLive, type MaskingSession } from '../masking/session.js';
import { proofOf, type HoldProof, type NodeHold } from '../lease-holder.js';
import { PollLoop } from '../poll-loop.js';
import { trunksInOrder } from './answers.js';
import type { CallClaims } from './call-claims.js';
import type { CallTracer } from './call-trace.js';
import { recordWithoutLeg, type NodeLink } from './node-link.js';
import type { CallStore, LegAddress, OriginationJob, SessionReader } from './ports.js';
import type { CallRecords } from './records.js';
import { claimDurationMs } from './runner.js';

/** Where calls to first parties wait until a node is there to place them. */
export interface OriginationSource {
  claim(
    now: number,
    proof: HoldProof,
  ): Promise<{ readonly job: OriginationJob | null; readonly dropped: readonly OriginationJob[] }>;
  /** Rejects when the node's next holder has taken jobs. */
  confirm(proof: HoldProof): Promise<void>;
  done(job: OriginationJob): Promise<void>;
  /** A job that was claimed and not begun: from `at` on (milliseconds since the epoch) any node may have it. */
  giveBack(job: OriginationJob, at: number): Promise<void>;
}

export interface NumberReader {
  get(number: OriginationJob['number']): Promise<{ readonly trunk: string } | null>;
}

export interface FirstPartyDialerOptions {
  readonly node: NodeLink;
  readonly hold: NodeHold;
  readonly source: OriginationSource;
  readonly store: CallStore;
  readonly claims: CallClaims;
  readonly sessions: SessionReader;
  readonly numbers: NumberReader;
  readonly records: CallRecords;
  readonly tracer: CallTracer;
  readonly trunks: readonly string[];
  /** There are other nodes, and they may have trunks that this one has not. */
  readonly hasOthers: boolean;
  readonly now: () => number;
  readonly log: Logger;
}

/** Milliseconds between two looks at the queue. */
const POLL_MS = 200;
/** Phones ringing at a time: each is one command of the node's connection that awaits its answer. */
const MAX_IN_FLIGHT = 500;
/** The event of a failed leg and the answer to `originate` come on two connections, in any order. */
const RECORD_GRACE_MS = 500;
/** A channel takes some tens of milliseconds from its end until its UUID is free. */
const CHANNEL_GRACE_MS = 3_000;
const CHANNEL_POLL_MS = 20;
/**
 * What `originate` says while another channel still has the UUID. `uuid_exists` says false of a channel that is being
 * destroyed, which FreeSWITCH goes on listing until that is done (switch_core_session.c, switch_core_session_request_uuid
 * and switch_core_session_perform_destroy).
 */
const UUID_TAKEN = 'DESTINATION_OUT_OF_ORDER';
/** Milliseconds between the tries with a UUID that is taken; a trunk may have that cause for reasons of its own. */
const UUID_TAKEN_PAUSES_MS = [150, 200, 400, 800] as const;
/** Of a session's age, for which a node without the trunk that comes first leaves the call to one that has it. */
const FIRST_TRUNK_MS = 2_000;
/** Until a call that is left to other nodes is given out again, at least and at most. */
const PASSED_ON_MS = [200, 400] as const;
/** Beyond the ring timeout, before an `originate` is given up, in milliseconds. */
const ORIGINATE_MARGIN_MS = 150_000;

/** Places the calls of `initiate_call_to_first_party` on one node. */
export class FirstPartyDialer {
  readonly #options: FirstPartyDialerOptions;
  /** Calls being placed, by interaction. */
  readonly #inFlight = new Map<string, Promise<void>>();
  readonly #loop = new PollLoop(() => this.#round(), POLL_MS);

  constructor(options: FirstPartyDialerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop.start();
  }

  /** Takes no more jobs. Calls that are being placed go on; FreeSWITCH asks about them when answered. */
  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  async #round(): Promise<boolean> {
    return this.#inFlight.size < MAX_IN_FLIGHT && (await this.#next());
  }

  /** True when a job was found, so that the next one is looked for at once. */
  async #next(): Promise<boolean> {
    const { node, source, hold, now, log } = this.#options;
    if (node.state !== 'up' || node.draining) return false;
    try {
      const { job, dropped } = await source.claim(now(), proofOf(hold));
      for (const old of dropped) await this.#giveUp(old);
      if (job === null) return false;
      // A phone may ring for longer than a job stays hidden: it is given out again, and is being placed.
      if (this.#inFlight.has(job.interactionId)) return true;
      const placing = this.#place(job).finally(() => this.#inFlight.delete(job.interactionId));
      this.#inFlight.set(job.interactionId, placing);
      return true;
    } catch (error) {
      log.warn({ err: error }, 'the queue of calls to first parties cannot be read');
      return false;
    }
  }

  /** A job that grew too old: unless its call was placed, the session shows that it failed. */
  async #giveUp(job: OriginationJob): Promise<void> {
    const { node, store, now, log } = this.#options;
    const address: LegAddress = { ...job, node: node.name };
    if ((await store.interaction(address)) !== null) return;
    const told = { call: job.interactionId, session: job.sessionId, did: job.number };
    log.error(told, 'a call to a first party was never placed');
    const at = now();
    const cause = 'NORMAL_TEMPORARY_FAILURE';
    await store.finishLeg(address, unreached(address, { cause, startedAt: at, endedAt: at, trunk: '' }));
  }

  async #place(job: OriginationJob): Promise<void> {
    const { source, log } = this.#options;
    try {
      if (await this.#dial(job)) await source.done(job);
    } catch (error) {
      // Not done: the job comes back after its visibility time.
      const told = { call: job.interactionId, session: job.sessionId };
      log.error({ err: error, ...told }, 'a call to a first party failed');
    }
  }

  /** True when the job is settled, false when it is to come back. */
  async #dial(job: OriginationJob): Promise<boolean> {
    const { node, hold, store, claims, sessions, numbers, tracer, trunks, hasOthers, now, log } =
      this.#options;
    const address: LegAddress = { ...job, node: node.name };
    const [found, record, known] = await Promise.all([
      sessions.get(job.sessionId),
      numbers.get(job.number),
      store.interaction(address),
    ]);
    if (found === null || !isLive(found.session, now())) return true;
    const { firstParty } = found.session;
    const target = targetOf({ session: found.session, party: 'first' });
    // Half of a single-party session: nobody to call, or nobody to connect to.
    if (firstParty === null || target === null) return true;
    if (known !== null) {
      // Given out again after a controller died: between its claim and its command, or later?
      if (known.stage !== 'dialing') return true;
      if (known.node !== node.name) return false;
      if (await node.exists(job.interactionId)) return true;
    }
    const { session } = found;
    const wanted = trunksInOrder(record?.trunk ?? '', trunks);
    const inOrder = hasOthers && known === null ? await this.#ownOf(wanted, session) : wanted;
    if (inOrder === null) {
      await this.#passOn(job);
      return false;
    }
    const startedAt = known?.startedAt ?? now();
    proofOf(hold);
    const { result, why } = await claims.claim(
      {
        id: job.interactionId,
        sessionId: session.id,
        accountId: session.accountId,
        number: session.virtualNumber,
        node: node.name,
        caller: 'first',
        people: { a: firstParty, b: target, aWasCalled: true },
        tells: null,
        startedAt,
        // The first party's phone rings before the second one's.
        claimUntil: now() + claimDurationMs(session.settings) + session.settings.ringTimeout * 1000,
        recording: session.settings.record ? `${job.interactionId}.${session.settings.recordFileFormat}` : '',
        takesPlace: false,
      },
      [
        { parameter: 'first_party', number: firstParty },
        { parameter: 'second_party', number: target },
      ],
      session,
    );
    const call = {
      id: job.interactionId,
      node: node.name,
      number: job.number,
      sessionId: session.id,
      accountId: session.accountId,
    };
    // There may be room for it later, before it grows too old; then nothing has happened yet.
    const waits = result === 'limit' || result === 'overloaded';
    if (!waits) {
      tracer.note(call, { step: 'received', caller: null }, startedAt);
      tracer.note(call, { step: 'claimed', result, party: 'first', why }, now());
    }
    if (result !== 'begun') {
      const reason = result === 'gone' ? 'session-over' : result;
      if (!waits) tracer.note(call, { step: 'refused', reason, cause: '' }, now());
      log.info({ call: call.id, session: session.id, why: result }, 'a call to a first party was not placed');
      return !waits;
    }
    tracer.note(call, { step: 'dialed', leg: 'a', trunks: inOrder }, now());
    log.debug({ call: call.id, session: session.id, did: job.number }, 'the first party is called');
    await this.#originate(session, firstParty, address, inOrder, startedAt);
    return true;
  }

  /** Those of the trunks that the node has; null when another node should place the call. */
  async #ownOf(
    wanted: readonly string[],
    { createdAt }: Pick<MaskingSession, 'createdAt'>,
  ): Promise<readonly string[] | null> {
    const { node, now } = this.#options;
    const has = await Promise.all(
      wanted.map(async (name) => name === SOFTPHONE_TRUNK || (await node.gateway(name)) !== null),
    );
    const own = wanted.filter((_, index) => has[index]);
    const isForOthers = own.length === 0 || (own[0] !== wanted[0] && now() - createdAt < FIRST_TRUNK_MS);
    return isForOthers ? null : own;
  }

  /** Drawn, so that it is not always this node that looks first. */
  async #passOn(job: OriginationJob): Promise<void> {
    const { node, source, now, log } = this.#options;
    const [least, most] = PASSED_ON_MS;
    const told = { call: job.interactionId, session: job.sessionId, node: node.name };
    log.debug(told, 'a call to a first party is left to a node that has its trunk');
    await source.giveBack(job, now() + least + Math.floor(Math.random() * (most - least)));
  }

  /** One trunk after the other: `originate` can give the leg its UUID, the interaction's id, only once. */
  async #originate(
    session: MaskingSession,
    firstParty: E164,
    address: LegAddress,
    trunks: readonly string[],
    startedAt: number,
  ): Promise<void> {
    const { log } = this.#options;
    for (const [index, trunk] of trunks.entries()) {
      try {
        const patience = session.settings.ringTimeout * 1000 + ORIGINATE_MARGIN_MS;
        const pauses = index === 0 ? [] : UUID_TAKEN_PAUSES_MS;
        const call = callThrough(trunk, session, firstParty, address);
        await this.#originateOnceFree(call, address.interactionId, patience, pauses, trunk);
        return;
      } catch (error) {
        const cause = hangupCauseOf(error);
        // No answer at all says nothing of the call: reconciling finds out.
        if (cause === null) throw error;
        const last = index === trunks.length - 1;
        if (!last && isTrunkFault(cause) && (await this.#gone(address.interactionId))) continue;
        const leg = await this.#failedLeg(address, cause, startedAt, trunk);
        const told = { call: address.interactionId, session: session.id, trunk, cause: leg.cause };
        log.info(told, 'the first party was not reached');
        await this.#fail(address, leg);
        return;
      }
    }
  }

  /** Places the call once more after each of the pauses, as long as its UUID is taken. */
  async #originateOnceFree(
    call: string,
    uuid: string,
    patience: number,
    pauses: readonly number[],
    trunk: string,
  ): Promise<void> {
    const { node, records, hold } = this.#options;
    for (const pause of pauses) {
      try {
        await node.originate(call, uuid, patience);
        return;
      } catch (error) {
        if (hangupCauseOf(error) !== UUID_TAKEN) throw error;
        await sleep(pause);
        // A leg that ended was there: it is the trunk that says so.
        if (records.hasAttempt(uuid, trunk)) throw error;
        proofOf(hold);
      }
    }
    await node.originate(call, uuid, patience);
  }

  /** Only while the node is ours: its next holder dials anew what it finds without a channel. */
  async #fail(address: LegAddress, leg: LegRecord): Promise<void> {
    const { source, hold, store } = this.#options;
    await source.confirm(proofOf(hold));
    proofOf(hold);
    await store.finishLeg(address, leg);
  }

  /** Waits until the channel of a failed attempt has made room for the next one. */
  async #gone(uuid: string): Promise<boolean> {
    const { node } = this.#options;
    for (let waited = 0; waited < CHANNEL_GRACE_MS; waited += CHANNEL_POLL_MS) {
      if (!(await node.exists(uuid))) return true;
      await sleep(CHANNEL_POLL_MS);
    }
    return false;
  }

  async #failedLeg(address: LegAddress, cause: string, startedAt: number, trunk: string): Promise<LegRecord> {
    const { records, now } = this.#options;
    await sleep(RECORD_GRACE_MS);
    const heard = records.takeAttempt(address.interactionId);
    if (heard?.trunk === trunk) return heard;
    return unreached(address, { cause, startedAt, endedAt: now(), trunk });
  }
}

/** The record of a first party's leg that FreeSWITCH told nothing of. */
function unreached(
  address: LegAddress,
  known: { cause: string; startedAt: number; endedAt: number; trunk: string },
): LegRecord {
  const leg = { uuid: address.interactionId, party: 'first', connectedAt: null, endedBy: 'system' } as const;
  return recordWithoutLeg({ ...leg, ...known });
}

function callThrough(trunk: string, session: MaskingSession, firstParty: E164, address: LegAddress): string {
  return originateString({
    uuid: address.interactionId,
    marks: {
      number: session.virtualNumber,
      sessionId: session.id,
      interactionId: address.interactionId,
      party: 'first',
    },
    target: firstParty,
    trunks: [trunk],
    ringTimeout: session.settings.ringTimeout,
  });
}

/** The cause that FreeSWITCH gave for a leg that was not reached, or null when it gave none. */
function hangupCauseOf(error: unknown): string | null {
  const cause = (error as { readonly hangupCause?: unknown } | null)?.hangupCause;
  return typeof cause === 'string' ? cause : null;
}
