import {
  addressOf,
  type BeginResult,
  type CallLooks,
  type CallStore,
  type InteractionStart,
  type LegAddress,
  type LegProgress,
  type LiveInteraction,
  type OpenLeg,
  type PinAttempt,
  type PinCheck,
  type PinLook,
} from '../calls/ports.js';
import { Gathered } from '../gathered.js';
import { billOf, FREE, type Tariff } from '../masking/billing.js';
import { NO_LIMITS, type CallLimits } from '../masking/call-limits.js';
import type { Caller } from '../masking/caller.js';
import type { Interaction, LegRecord } from '../masking/interaction.js';
import type { E164 } from '../masking/phone-number.js';
import type { NumberRoutes, PinGate } from '../masking/resolve.js';
import { otherParty, type MaskingSession, type Party } from '../masking/session.js';
import type { VirtualNumber } from '../masking/virtual-number.js';
import type { Admissions } from './admissions.js';
import type { CallLog, Logged } from './call-log.js';
import { UnreadableDocumentError } from './errors.js';
import { interactionFrom, sealPeople, sessionFrom } from './documents.js';
import { liveKey, numberKey } from './keys.js';
import type { Outbox } from './outbox.js';
import { countedAs, type PinChecks } from './pin-checks.js';
import { FORGOTTEN_TOGETHER, type LiveCalls } from './live-calls.js';
import type { RecordingRepository } from './recording-repository.js';
import type { RedisClient } from './redis.js';
import { guarded, type Reply, type Scripts } from './scripts.js';
import type { Vault } from './vault.js';

/** Where legs are found by their UUID, once they ended and while they are up. */
export interface CallIndexes {
  readonly log: CallLog;
  readonly live: LiveCalls;
  /** Where the end of a recorded interaction is made known. */
  readonly recordings: RecordingRepository;
  /** Where calls that run are counted against the limits of the installation. */
  readonly admissions: Admissions;
  /** Told of a leg that was written but cannot be found by its UUID. */
  readonly onLost: (error: unknown) => void;
  /** Told of every leg that was written, once. */
  readonly onWritten: (leg: LegRecord, address: LegAddress, accountId: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Interactions of a node that are read by one command. */
const LIVE_AT_ONCE = 500;

/** What the call logic reads and writes. Instants are milliseconds since the epoch, given by the caller. */
export class CallRepository implements CallStore, CallLooks {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #vault: Vault;
  readonly #outbox: Outbox;
  readonly #tariff: Tariff;
  readonly #callLimits: CallLimits;
  readonly #admissions: Admissions;
  readonly #now: () => number;
  readonly #onLegWritten: (leg: LegRecord, address: LegAddress, accountId: string) => void;
  readonly #pins: PinChecks;
  readonly #log: CallLog;
  readonly #live: LiveCalls;
  readonly #recordings: RecordingRepository;
  readonly #onIndexLost: (error: unknown) => void;
  /** Ids of interactions that are over, by node. */
  readonly #over = new Gathered<string>(
    (ids, node) => guarded(() => this.#client.hdel(liveKey(node), ...ids)),
    FORGOTTEN_TOGETHER,
  );

  constructor(
    client: RedisClient,
    scripts: Scripts,
    vault: Vault,
    outbox: Outbox,
    indexes: CallIndexes,
    pins: PinChecks,
    tariff: Tariff = FREE,
    callLimits: CallLimits = NO_LIMITS,
  ) {
    this.#now = indexes.now;
    this.#onLegWritten = indexes.onWritten;
    this.#client = client;
    this.#scripts = scripts;
    this.#vault = vault;
    this.#outbox = outbox;
    this.#log = indexes.log;
    this.#live = indexes.live;
    this.#recordings = indexes.recordings;
    this.#onIndexLost = indexes.onLost;
    this.#tariff = tariff;
    this.#callLimits = callLimits;
    this.#admissions = indexes.admissions;
    this.#pins = pins;
  }

  async route(number: E164, caller: Caller, now: number): Promise<NumberRoutes> {
    const tokens = caller.kind === 'number' ? this.#vault.partyTokens(caller.number) : [];
    // Two slots, so two commands; sent together they are one round trip.
    const [reply, callerIsOurs] = await Promise.all([
      this.#scripts.run(
        'route',
        [numberKey(number)],
        [
          now,
          JSON.stringify(tokens),
          JSON.stringify(countedAs(caller, tokens)),
          this.#pins.rules.callerLimit,
        ],
      ),
      caller.kind === 'number' && this.isVirtualNumber(caller.number),
    ]);
    const [record, party, matched, gate, announcer, lengths, refusedUntil, place, reached] = reply as Reply[];
    const session = sessionFrom(this.#vault, number, matched ?? null, now);
    const open = sessionFrom(this.#vault, number, reached ?? null, now);
    const announcing = sessionFrom(this.#vault, number, announcer ?? null, now);
    return {
      number: typeof record === 'string' ? (JSON.parse(record) as VirtualNumber) : null,
      matched: session === null ? null : { session, party: party as Party },
      pinGate: this.#gateOf(number, gate ?? null, lengths as number[], now),
      open: open === null ? null : { session: open, party: place as Party },
      unknownCallerPlay: announcing?.settings.unknownCallerPlay ?? '',
      refusedUntil: Number(refusedUntil) > now ? Number(refusedUntil) : null,
      callerIsOurs,
    };
  }

  checkPin(
    number: E164,
    caller: Caller,
    digits: string,
    now: number,
    attempt: PinAttempt | null = null,
  ): Promise<PinCheck> {
    return this.#pins.check(number, caller, digits, now, attempt);
  }

  checkOwnDigits(
    number: E164,
    caller: Caller,
    digits: string,
    now: number,
    attempt: PinAttempt,
  ): Promise<PinCheck> {
    return this.#pins.checkOwnDigits(number, caller, digits, now, attempt);
  }

  async begin(start: InteractionStart, now: number): Promise<BeginResult> {
    const limits = this.#callLimits;
    // The live entry goes out ahead of the claim, so that no claim is ever without one; sent in one turn
    // they are one round trip. On a Redis Cluster the two may swap, and a claim whose entry failed
    // fails this call and lapses.
    if (start.tells !== null) void this.#outbox.mark(start.number);
    const [, result] = await Promise.all([
      this.#enlistLive(addressOf(start), start),
      this.#scripts.run(
        'begin',
        [numberKey(start.number)],
        [
          ...[start.sessionId, start.id, now, start.claimUntil, start.startedAt],
          ...[start.node, start.caller, start.recording],
          sealPeople(this.#vault, start.number, start.people),
          start.tells ?? '',
          start.takesPlace ? '1' : '',
          ...[limits.MAX_CALLS_PER_NUMBER, limits.CALL_RATE_PER_SESSION, limits.CALL_RATE_PER_NUMBER],
        ],
      ),
    ]);
    if (start.tells !== null) this.#outbox.appended(start.number);
    if (result !== 'begun') await this.#forget(start.node, start.id);
    return result as BeginResult;
  }

  lookAtPin(number: E164, caller: Caller, digits: string, now: number): Promise<PinLook> {
    return this.#pins.look(number, caller, digits, now);
  }

  async lookAtClaim(
    { id, virtualNumber }: Pick<MaskingSession, 'id' | 'virtualNumber'>,
    now: number,
  ): Promise<BeginResult> {
    const { MAX_CALLS_PER_NUMBER, CALL_RATE_PER_SESSION, CALL_RATE_PER_NUMBER } = this.#callLimits;
    const result = await this.#scripts.run(
      'look-at-claim',
      [numberKey(virtualNumber)],
      [id, now, MAX_CALLS_PER_NUMBER, CALL_RATE_PER_SESSION, CALL_RATE_PER_NUMBER],
    );
    return result as BeginResult;
  }

  noteOf({ number, ...start }: InteractionStart): string {
    const { accountId, people, recording, tells, startedAt, claimUntil, caller } = start;
    const note: BeginNote = { accountId, people, recording, tells, startedAt, claimUntil, caller };
    return this.#vault.seal(JSON.stringify(note), noteContext(number));
  }

  async beginFromNote(address: LegAddress, note: string): Promise<boolean> {
    const { node, number, sessionId, interactionId } = address;
    const begun = this.#beginIn(note, number);
    if (begun === null) return false;
    void this.#outbox.mark(number);
    const reply = await this.#scripts.run(
      'begin-noted',
      [numberKey(number)],
      [
        ...[sessionId, interactionId, begun.startedAt, node, begun.caller, begun.recording],
        sealPeople(this.#vault, number, begun.people),
        ...[begun.tells ?? '', this.#now(), begun.claimUntil],
      ],
    );
    if (reply !== 0) await this.#enlistLive(address, begun);
    if (reply === 2) this.#outbox.appended(number);
    return true;
  }

  async withdraw({ node, number, sessionId, interactionId }: LegAddress): Promise<void> {
    await this.#scripts.run('withdraw-call', [numberKey(number)], [sessionId, interactionId]);
    await this.#forget(node, interactionId);
  }

  async progress(address: LegAddress, ...heard: readonly LegProgress[]): Promise<void> {
    void this.#outbox.mark(address.number);
    const facts = heard.flatMap(({ fact, role, party, at, stage }) => [fact, role, party, at, stage ?? '']);
    const reply = await this.#scripts.run(
      'progress',
      [numberKey(address.number)],
      [address.interactionId, ...facts],
    );
    if (reply === 1) this.#outbox.appended(address.number);
  }

  /** Takes three round trips: the leg, its indexes, and the list of what is live on its node. */
  async finishLeg(address: LegAddress, leg: LegRecord, isAttempt = false): Promise<boolean> {
    const caller = leg.role === 'a' ? leg.party : otherParty(leg.party);
    const bill = billOf(leg, this.#tariff);
    void this.#outbox.mark(address.number);
    const reply = await this.#scripts.run(
      'finish-leg',
      [numberKey(address.number)],
      [
        ...[
          address.sessionId,
          address.interactionId,
          leg.uuid,
          JSON.stringify({ ...leg, bill }),
          leg.role,
          caller,
        ],
        ...[address.node, leg.startedAt, leg.endedAt, leg.endedBy, leg.cause, leg.bridgedAt ?? ''],
        leg.answeredAt === null ? '' : bill.seconds,
        isAttempt ? 1 : 0,
        bill.amount,
      ],
    );
    const [code, ...known] = reply as Reply[];
    const logged = this.#forIndex(address, known, leg.endedAt);
    if (code === 2) this.#outbox.appended(address.number);
    // Also when the leg was written before: its writer may have been killed between the two.
    await Promise.all([
      ...(logged === null ? [] : [this.#log.index(logged, leg.uuid), this.#recordingEnded(logged, leg)]),
      leg.role === 'a' && this.#admissions.ended(address.interactionId, secondsJoined(leg), leg.endedAt),
    ]);
    if (leg.role === 'a') await this.#forget(address.node, address.interactionId);
    else await this.#live.forget(address.node, leg.uuid);
    if (code !== 0) this.#onLegWritten(leg, address, logged?.session.accountId ?? '');
    return code !== 0;
  }

  async noteLeg(address: LegAddress, uuid: string, at: number): Promise<void> {
    await this.#live.note(address, uuid, at);
  }

  async liveOn(node: string): Promise<LiveInteraction[]> {
    // Thousands, some at a time: neither Redis nor we may keep callers waiting meanwhile. One may come twice.
    const live = new Map<string, LiveInteraction>();
    let cursor = '0';
    do {
      const [next, found] = await guarded(() =>
        this.#client.hscan(liveKey(node), cursor, 'COUNT', LIVE_AT_ONCE),
      );
      for (let index = 0; index + 1 < found.length; index += 2) {
        live.set(found[index] ?? '', JSON.parse(found[index + 1] ?? '') as LiveInteraction);
      }
      cursor = next;
    } while (cursor !== '0');
    return [...live.values()];
  }

  async openLegs(node: string): Promise<ReadonlyMap<string, readonly OpenLeg[]>> {
    return this.#live.openOn(node);
  }

  async liveInteraction(node: string, interactionId: string): Promise<LiveInteraction | null> {
    const entry = await guarded(() => this.#client.hget(liveKey(node), interactionId));
    return entry === null ? null : (JSON.parse(entry) as LiveInteraction);
  }

  async isVirtualNumber(number: E164): Promise<boolean> {
    return (await guarded(() => this.#client.exists(numberKey(number)))) === 1;
  }

  async interaction(address: LegAddress): Promise<Interaction | null> {
    const reply = await this.#scripts.run('read-call', [numberKey(address.number)], [address.interactionId]);
    return interactionFrom(this.#vault, address.interactionId, address.number, reply);
  }

  /** A leg counts also when its session cannot be read: a data key is gone, and nobody can list its calls. */
  #forIndex(address: LegAddress, known: readonly Reply[], now: number): Logged | null {
    try {
      return this.#log.loggedFrom(address, known, now);
    } catch (error) {
      if (!(error instanceof UnreadableDocumentError)) throw error;
      this.#onIndexLost(error);
      return null;
    }
  }

  async #recordingEnded({ interaction }: Logged, leg: LegRecord): Promise<void> {
    if (leg.role !== 'a' || interaction.recording === '') return;
    const { virtualNumber: number, sessionId, id: interactionId } = interaction;
    await this.#recordings.schedule(
      { task: 'enter', number, sessionId, interactionId, file: '' },
      leg.endedAt,
    );
  }

  /** A repeated begin leaves the entry as it was: the interaction began when it first did. */
  async #enlistLive(
    { node, number, sessionId, interactionId }: LegAddress,
    { accountId, startedAt, claimUntil }: Pick<InteractionStart, 'accountId' | 'startedAt' | 'claimUntil'>,
  ): Promise<void> {
    const live: LiveInteraction = {
      ...{ node, number, sessionId, accountId, interactionId },
      ...{ startedAt, claimUntil },
    };
    await guarded(() => this.#client.hsetnx(liveKey(node), interactionId, JSON.stringify(live)));
  }

  #beginIn(note: string, number: E164): BeginNote | null {
    try {
      return JSON.parse(this.#vault.open(note, noteContext(number))) as BeginNote;
    } catch (error) {
      if (error instanceof UnreadableDocumentError) return null;
      throw error;
    }
  }

  #gateOf(number: E164, fields: Reply, lengths: readonly number[], now: number): PinGate | null {
    const pin = sessionFrom(this.#vault, number, fields, now)?.pin;
    if (pin == null) return null;
    const { promptPlay, incorrectPlay, retry, retryWait } = pin;
    return { promptPlay, incorrectPlay, retry, retryWait, lengths };
  }

  #forget(node: string, interactionId: string): Promise<void> {
    return this.#over.add(node, interactionId);
  }
}

/** What the legs' channels carry of a begin that the store has not seen. */
type BeginNote = Pick<
  InteractionStart,
  'accountId' | 'people' | 'recording' | 'tells' | 'startedAt' | 'claimUntil' | 'caller'
>;

/** A note says nothing at another number. */
function noteContext(number: E164): string {
  return `note\0${number}`;
}

/** Seconds that the two talked, rounded up. */
function secondsJoined({ bridgedAt, endedAt }: LegRecord): number {
  return bridgedAt === null ? 0 : Math.max(0, Math.ceil((endedAt - bridgedAt) / 1_000));
}
