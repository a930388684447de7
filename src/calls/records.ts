import { isTrunkFault } from '../freeswitch/dial-string.js';
import { Gathered } from '../gathered.js';
import type { Logger } from '../telemetry/logger.js';
import type { LegRecord } from '../masking/interaction.js';
import { legEnd, NO_TRACER, type CallTracer } from './call-trace.js';
import { step, type CallEvent } from './machine.js';
import { NO_METER, type CallMeter } from './meter.js';
import type { Answer, Question } from '../freeswitch/question.js';
import { parseE164 } from '../masking/phone-number.js';
import { RecentSet } from '../recent-set.js';
import { recordWithoutLeg, type EndedLeg, type LegMoment, type UnmarkedLeg } from './node-link.js';
import type { CallStore, LegAddress, LegProgress } from './ports.js';

const FACTS = {
  'leg-ringing': 'ringing',
  'leg-answered': 'answered',
  'leg-bridged': 'joined',
} as const;

/** Attempts at first parties whose end was heard before their origination gave up. */
const ATTEMPTS_KEPT = 1000;
/** Legs that were written and are not written again when they are told of once more; seconds of them under great load. */
const WRITTEN_KEPT = 10_000;
/** Things heard of one interaction that are noted together, at most. */
const HEARD_TOGETHER = { most: 16 };

export interface CallRecordsOptions {
  readonly store: CallStore;
  readonly log: Logger;
  /** Default: nothing is counted. */
  readonly meter?: Pick<CallMeter, 'heard'>;
  /** Default: nothing is noted. */
  readonly tracer?: CallTracer;
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
}

/**
 * Turns what a node tells of its legs into interactions.
 *
 * The same leg may be told of twice, by its hangup event and by its CDR, and in any order: the store
 * writes it once. What we have written ourselves, in full, it is not asked to write again. A write that fails here is
 * made good by the CDR, which stays until it is taken.
 */
export class CallRecords {
  readonly #store: CallStore;
  readonly #log: Logger;
  readonly #meter: Pick<CallMeter, 'heard'>;
  readonly #tracer: CallTracer;
  readonly #now: () => number;
  readonly #attempts = new Map<string, LegRecord>();
  /** What was heard in one turn, by interaction: phones that answer are joined in the same breath. */
  readonly #heard: Gathered<{ readonly address: LegAddress; readonly progress: LegProgress }>;
  /** Legs on their way into the store, and those that we wrote, by UUID. */
  readonly #writing = new Map<string, Promise<void>>();
  readonly #written = new RecentSet(WRITTEN_KEPT);

  constructor({ store, log, meter = NO_METER, tracer = NO_TRACER, now = Date.now }: CallRecordsOptions) {
    this.#store = store;
    this.#log = log;
    this.#meter = meter;
    this.#tracer = tracer;
    this.#now = now;
    this.#heard = new Gathered(async (heard) => {
      const [first] = heard;
      if (first !== undefined) await store.progress(first.address, ...heard.map(({ progress }) => progress));
    }, HEARD_TOGETHER);
  }

  /** Whether the end of a leg was written by us, with everything that belongs to it. */
  isWritten(uuid: string): boolean {
    return this.#written.has(uuid);
  }

  /** Notes how far an interaction has come. Never rejects: a lost stage is only a late one. */
  async progressed(event: 'leg-ringing' | 'leg-answered' | 'leg-bridged', moment: LegMoment): Promise<void> {
    const fact: CallEvent =
      event === 'leg-bridged' ? { type: 'legs-joined' } : { type: event, role: moment.role };
    // The store knows the stage and refuses to go back, so every event is tried from the first one.
    const [effect] = step({ stage: 'dialing' }, fact).effects;
    const stage = effect?.type === 'note-stage' ? effect.stage : null;
    // A first party's phone that rings before anybody else's changes nothing.
    if (stage === null && event === 'leg-ringing') return;
    const { role, party, at } = moment;
    this.#meter.heard(this.#now() - at);
    const heard = FACTS[event];
    const { interactionId: id, ...address } = moment.address;
    // The session's owner is not known here; whoever decided the call noted it.
    const call = { ...address, id, accountId: '' };
    this.#tracer.note(call, heard === 'joined' ? { step: heard } : { step: heard, leg: role }, at);
    const told = { call: id, session: address.sessionId, leg: moment.uuid, role, heard };
    this.#log.debug(told, 'a leg was heard of');
    try {
      const progress: LegProgress = { fact: heard, role, party, at, stage };
      await this.#heard.add(id, { address: moment.address, progress });
      if (role === 'b') await this.#store.noteLeg(moment.address, moment.uuid, at);
    } catch (error) {
      this.#log.warn({ err: error, ...told }, 'a stage was not stored');
    }
  }

  /** Writes a leg that has ended. Rejects when the store cannot be reached. */
  async ended(ended: EndedLeg): Promise<void> {
    const { address, leg } = ended;
    if (isFirstPartyAttempt(leg) && isTrunkFault(leg.cause)) {
      this.#remember(address, leg);
      return;
    }
    if (this.#written.has(leg.uuid)) return;
    // Whoever tells of it meanwhile waits for the same write, and tells of it again when that fails.
    let writing = this.#writing.get(leg.uuid);
    if (writing === undefined) {
      writing = this.#write(ended).finally(() => this.#writing.delete(leg.uuid));
      this.#writing.set(leg.uuid, writing);
    }
    await writing;
  }

  async #write({ address, leg, note }: EndedLeg): Promise<void> {
    const [effect] = step({ stage: 'dialing' }, { type: 'leg-ended', role: leg.role }).effects;
    if (effect?.type !== 'finish-leg') return;
    const isAttempt = leg.role === 'b' && leg.answeredAt === null && isTrunkFault(leg.cause);
    if (note !== '' && !(await this.#store.beginFromNote(address, note))) {
      // A leg without its beginning is written all the same.
      this.#log.error(
        { call: address.interactionId, session: address.sessionId, leg: leg.uuid },
        'whom a call joined is not known: what its leg carried cannot be read',
      );
    }
    const written = await this.#store.finishLeg(address, leg, isAttempt);
    if (!written) return;
    // Not one that was written before: another controller may have died over what belongs to it.
    this.#written.add(leg.uuid);
    this.#log.info(
      {
        call: address.interactionId,
        session: address.sessionId,
        did: address.number,
        leg: leg.uuid,
        role: leg.role,
        cause: leg.cause,
        endedBy: leg.endedBy,
        answered: leg.answeredAt !== null,
      },
      'a leg ended',
    );
  }

  /**
   * Writes a leg that ended before it was marked, if a question about it had claimed a session: the
   * caller gave up, or the controller died, between the claim and the answer. Most such legs led
   * nowhere and are nobody's: the answer is the record of such a one, null for any other. Rejects when the
   * store cannot be reached.
   */
  async endedUnmarked(leg: UnmarkedLeg): Promise<LegRecord | null> {
    const live = await this.#store.liveInteraction(leg.node, leg.uuid);
    if (live === null) return this.#ledNowhere(leg);
    const interaction = await this.#store.interaction(live);
    const record = leg.record(interaction?.caller ?? 'first');
    if (record !== null) await this.ended({ address: live, leg: record, note: leg.note });
    return null;
  }

  #ledNowhere(unmarked: UnmarkedLeg): LegRecord | null {
    const { node, uuid: id, ledTo } = unmarked;
    const leg = unmarked.record('first');
    if (leg === null) return null;
    this.#log.debug(
      { call: id, leg: id, role: 'a', cause: leg.cause, ledTo },
      'a call that led nowhere ended',
    );
    const call = { id, node, number: null, sessionId: null, accountId: '' };
    this.#tracer.note(call, legEnd(leg, ledTo), leg.endedAt);
    return leg;
  }

  /**
   * Ends the interaction that an answer began for a caller who hung up before it came. The unmarked
   * leg's end may have been heard before the claim, and found nothing. `at` in milliseconds since the
   * epoch. Rejects when the store cannot be reached.
   */
  async abandoned(question: Question, answer: Answer, at: number): Promise<void> {
    // A leg that we originated carries its marks from the start, and its end is told as any other's.
    if (answer.next !== 'connect' || question.kind === 'first-party-answered') return;
    const { number, sessionId, interactionId, party } = answer.marks;
    const did = parseE164(number);
    if (did === null) return;
    const known = { uuid: question.uuid, party, startedAt: at, connectedAt: null, endedAt: at, trunk: '' };
    const leg = recordWithoutLeg({ ...known, cause: 'ORIGINATOR_CANCEL', endedBy: 'a' });
    const address = { node: question.node, number: did, sessionId, interactionId };
    await this.ended({ address, leg, note: answer.note });
  }

  /** The newest attempt at a first party that ended without an answer, once. */
  takeAttempt(interactionId: string): LegRecord | undefined {
    const leg = this.#attempts.get(interactionId);
    this.#attempts.delete(interactionId);
    return leg;
  }

  /** Whether an attempt at a first party through `trunk` has ended that nobody has taken yet. */
  hasAttempt(interactionId: string, trunk: string): boolean {
    return this.#attempts.get(interactionId)?.trunk === trunk;
  }

  #remember(address: LegAddress, leg: LegRecord): void {
    this.#attempts.set(address.interactionId, leg);
    const [oldest] = this.#attempts.keys();
    if (this.#attempts.size > ATTEMPTS_KEPT && oldest !== undefined) this.#attempts.delete(oldest);
  }
}

/**
 * True for a leg to the first party that we dialled and that did not answer. After a fault of its trunk
 * another one may still be tried, so it does not end its interaction; whoever dials does.
 */
function isFirstPartyAttempt(leg: LegRecord): boolean {
  return leg.role === 'a' && leg.trunk !== '' && leg.answeredAt === null;
}
