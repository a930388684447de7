import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadCall } from './call.js';
import type { ToldEvent } from './callback-ledger.js';
import { callAt, readSessions, type WrittenInteraction, type WrittenSession } from './evidence.js';
import { grouped } from './grouped.js';
import type { LoadLane } from './lanes.js';
import type { Sampler } from './samples.js';
import type { System } from './system.js';

/** How the records of one call compare with what its phones saw. */
export interface AuditedCall {
  readonly call: LoadCall;
  /** A phone was called, so there must be an interaction. */
  readonly expected: boolean;
  /** It is there, has ended, and tells of both legs when both talked. */
  readonly written: boolean;
  /** More than one interaction was written. */
  readonly twice: boolean;
  /** What is written of its length is not what the phones saw. */
  readonly wrongLength: boolean;
  readonly callbacksExpected: number;
  readonly callbacksDelivered: number;
  /** Names of the events that did not come. */
  readonly untold: readonly string[];
}

/** How the records of a run compare with what the phones saw. */
export interface Audit {
  readonly calls: readonly AuditedCall[];
  /** Interactions that belong to no call. */
  readonly strangers: number;
  /** Sequence numbers that no callback came with. */
  readonly callbackGaps: number;
  /** Events that were told, by name. */
  readonly events: Readonly<Record<string, number>>;
  /** Phones that were called by mistake, and people who heard somebody else's call. */
  readonly wrong: number;
  /** What is left once every phone has hung up. */
  readonly channels: number;
  readonly live: number;
  readonly stuckSessions: number;
  /** Milliseconds from the end of the last call until nothing was missing; null when time was up first. */
  readonly completeAfterMs: number | null;
}

export interface AuditOptions {
  /** Milliseconds that the records may take. */
  readonly graceMs: number;
  /** When FreeSWITCH was killed: calls that were up then ended there, whatever the phones still waited for. */
  readonly crashedAt?: number;
}

/** Between two looks at the records. */
const LOOK_MS = 3_000;
/** Longest that calls may take to end once no new ones are placed. */
const LAST_CALLS_MS = 60_000;
/** Written times are whole seconds for two legs, each rounded up. Milliseconds. */
const LENGTH_SLACK_MS = 4_000;
/** An end by a crash may be written this much later than it was. Milliseconds. */
const CRASH_SLACK_MS = 2_000;

/** Waits until all calls are over and recorded, `graceMs` at most, then compares. */
export async function audit(
  system: System,
  lanes: readonly LoadLane[],
  sampler: Sampler,
  options: AuditOptions,
): Promise<Audit> {
  const stopped = Date.now();
  while (system.carrier.open.length > 0 && Date.now() - stopped < LAST_CALLS_MS) await sleep(200);
  const begun = Date.now();
  for (;;) {
    const found = compare(system, await readSessions(system, lanes), options, {
      channels: await system.channels(),
      live: await sampler.live(),
    });
    if (isComplete(found)) return { ...found, completeAfterMs: Date.now() - begun };
    if (Date.now() - begun > options.graceMs) return { ...found, completeAfterMs: null };
    await sleep(LOOK_MS);
  }
}

function isComplete(found: Omit<Audit, 'completeAfterMs'>): boolean {
  const all = found.calls.every(
    (each) => (each.written || !each.expected) && each.callbacksDelivered === each.callbacksExpected,
  );
  return all && found.callbackGaps + found.channels + found.live + found.stuckSessions === 0;
}

function compare(
  system: System,
  sessions: ReadonlyMap<LoadLane, WrittenSession>,
  options: AuditOptions,
  left: { readonly channels: number; readonly live: number },
): Omit<Audit, 'completeAfterMs'> {
  const { carrier, ledger } = system;
  const byLane = grouped(carrier.calls, ({ lane }) => lane);
  const calls: AuditedCall[] = [];
  const events: Record<string, number> = {};
  let [strangers, callbackGaps] = [0, 0];
  for (const [lane, session] of sessions) {
    const own = byLane.get(lane) ?? [];
    const told = ledger.of(lane.sessionId);
    const written = grouped(session.interactions, ({ startedAt }) => callAt(own, startedAt));
    const toldOf = toldByCall(own, [...told.values()]);
    strangers += written.get(null)?.length ?? 0;
    callbackGaps += Math.max(0, ...told.keys()) - told.size;
    for (const { name } of told.values()) events[name] = (events[name] ?? 0) + 1;
    for (const call of own) {
      const names = (toldOf.get(call) ?? []).map(({ name }) => name);
      calls.push(audited(call, written.get(call) ?? [], names, options.crashedAt));
    }
  }
  return {
    calls,
    strangers,
    callbackGaps,
    events,
    wrong: carrier.wrongInvites.length + new Set(carrier.voices.mixups.map(({ call }) => call)).size,
    ...left,
    stuckSessions: [...sessions.values()].filter(({ status }) => status === 'in-progress').length,
  };
}

/**
 * Whose each event is. A recording may be settled long after its call, when the session has had another one:
 * it is the call's of which the same recording's begin was told.
 */
function toldByCall(
  calls: readonly LoadCall[],
  told: readonly ToldEvent[],
): ReadonlyMap<LoadCall | null, readonly ToldEvent[]> {
  const begun = new Map(
    told.filter(({ name }) => name === RECORDING_BEGUN).map((event) => [event.recording, event.at]),
  );
  return grouped(told, ({ at, recording }) => callAt(calls, begun.get(recording) ?? at));
}

function audited(
  call: LoadCall,
  interactions: readonly WrittenInteraction[],
  told: readonly string[],
  crashedAt: number | undefined,
): AuditedCall {
  const expected = call.timeline.bInvited !== null;
  const crashed = crashedAt !== undefined && call.stageAt(crashedAt) !== null;
  const written = interactions.some((interaction) => isWhole(call, interaction, crashed));
  const wanted = expectedEvents(call, crashed);
  const left = told.map(kindOf);
  const untold = wanted.filter((name) => {
    const at = left.indexOf(name);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return {
    call,
    expected,
    written,
    twice: interactions.length > 1,
    wrongLength:
      written && !interactions.some((each) => hasItsLength(call, each, crashed ? crashedAt : null)),
    callbacksExpected: wanted.length,
    callbacksDelivered: wanted.length - untold.length,
    untold,
  };
}

function isWhole(call: LoadCall, { endedAt, legs, seconds }: WrittenInteraction, crashed: boolean): boolean {
  if (endedAt === null) return false;
  // A FreeSWITCH that died wrote nothing of a leg; that the call was, and until when, is known all the same.
  return crashed || call.connectedAt === null || (legs === 2 && seconds > 0);
}

/** `crashedAt`: when the call's FreeSWITCH died; null when it did not. */
export function hasItsLength(
  call: LoadCall,
  interaction: WrittenInteraction,
  crashedAt: number | null,
): boolean {
  if (crashedAt !== null) return (interaction.endedAt ?? 0) <= crashedAt + CRASH_SLACK_MS;
  const { invited, answered, bAnswered, bConfirmed, ended, released } = call.timeline;
  if (answered === null || bAnswered === null || ended === null) return true;
  // While the network is cut a phone and FreeSWITCH know of an answer and of a hang-up seconds apart.
  const isAsked = call.script.pin !== '';
  const least = ended - answered + (ended - (bConfirmed ?? bAnswered));
  const end = released ?? ended;
  const most = end - (isAsked ? invited : bAnswered) + (end - bAnswered);
  const seconds = interaction.seconds * 1_000;
  return seconds >= least - LENGTH_SLACK_MS && seconds <= most + LENGTH_SLACK_MS;
}

/** A recording is either there or failed; both are told. */
function kindOf(name: string): string {
  return /^SessionRecording(Completed|Failed)$/.test(name) ? RECORDING_SETTLED : name;
}

const RECORDING_BEGUN = 'SessionRecordingInitiated';
const RECORDING_SETTLED = 'SessionRecordingCompleted or Failed';

/** What the session's receiver must have been told of a call. */
function expectedEvents(call: LoadCall, crashed: boolean): string[] {
  if (call.timeline.bInvited === null) return [];
  // Of a crash nobody knows whose leg ended how; that the call is over is told.
  if (crashed) return ['SessionPartiesHangup'];
  const events = ['SessionFirstPartyHangup', 'SessionSecondPartyHangup', 'SessionPartiesHangup'];
  if (call.connectedAt === null) return events;
  events.push('SessionFirstPartyAnswer', 'SessionSecondPartyAnswer');
  if (call.lane.record !== '') events.push(RECORDING_BEGUN, RECORDING_SETTLED);
  return events;
}
