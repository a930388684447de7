import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { audit, type Audit } from './audit.js';
import type { Fault } from './faults.js';
import { createLanes } from './lanes.js';
import { Load } from './load.js';
import { Sampler } from './samples.js';
import { storyOf, type CallStory } from './story.js';
import { System, TRUNK } from './system.js';
import { failuresOf, groupOf, judge, type FaultTimes, type GroupResult } from './verdict.js';

export interface InjectOptions {
  /** Calls a second. */
  readonly rate: number;
  /** Seconds of load before the strike, and again after the repair. */
  readonly seconds: number;
  readonly seed: string;
  readonly graceMs: number;
  /** Folder that the logs of faults go to which cost more than they may. */
  readonly logs: string;
}

export interface FaultResult {
  readonly fault: string;
  readonly groups: readonly GroupResult[];
  readonly failures: readonly string[];
  readonly wrong: number;
  /** What was wrong about connections, milliseconds from the strike. */
  readonly wrongs: readonly { readonly at: number; readonly what: string }[];
  readonly channels: number;
  readonly live: number;
  readonly stuckSessions: number;
  /** Phones that were called when their caller had just given up. */
  readonly lateInvites: number;
  /** Calls of which one side was not told that the other had hung up. */
  readonly halfOpen: number;
  /** Calls whose caller had to key the PIN twice. */
  readonly keyedTwice: number;
  /** Seconds from the last call's end until nothing was missing; null when that did not come to be. */
  readonly completeAfter: number | null;
  /** Milliseconds from strike to repair. */
  readonly lastedMs: number;
  /** Calls that could not be placed because every session had one. */
  readonly notPlaced: number;
  readonly events: Readonly<Record<string, number>>;
  readonly stories: readonly CallStory[];
  /** Milliseconds of each time that the phones' own process stood still: the machine did, most likely. */
  readonly standstills: readonly number[];
  /** Controllers that ended though the fault did not mean them. */
  readonly deaths: number;
  /** What the controllers say of callbacks that did not come: the attempts of some. */
  readonly untold: readonly unknown[];
}

/** Calls placed, and calls hung up, in the moment before the strike: stages too short for a steady load to fill. */
const BURST = 6;
/** Lanes for each call a second: calls last about 10 s, and a lane should rest. */
const LANES_PER_RATE = 32;
/** Until the controllers have fetched the prompt, in milliseconds. */
const SETTLE_MS = 2_000;

/** One fault on a system of its own. */
export async function inject(fault: Fault, options: InjectOptions): Promise<FaultResult> {
  const system = await System.start(fault.system);
  const sampler = new Sampler(system);
  const endWatch = system.keepAlive(fault.victims ?? []);
  try {
    const lanes = await createLanes({
      count: Math.ceil(options.rate * LANES_PER_RATE),
      pinShare: 0.34,
      recordShare: 0.2,
      callbackUrl: `http://127.0.0.1:${system.links.callbacks.port}/hook`,
      promptUrl: system.audio.url('pin-prompt'),
      trunk: TRUNK,
      expiry: 7_200,
      api: (method, path, body) => system.api(method, path, body),
    });
    system.carrier.serve(lanes);
    await sleep(SETTLE_MS);
    const { sipPort } = system.freeswitch;
    const { rate, seed } = options;
    const load = new Load(system.carrier, lanes, { rate, seed, talkMs: [3_000, 8_000], sipPort });
    load.start();
    await sleep(options.seconds * 1_000);
    const struckAt = await strike(fault, system, load);
    await sleep(Math.max(0, struckAt + fault.lastsMs - Date.now()));
    await fault.repair(system);
    const times = { struckAt, healedAt: Date.now() };
    await sleep(options.seconds * 1_000);
    load.stop();
    const { graceMs } = options;
    const found = await audit(
      system,
      lanes,
      sampler,
      fault.crash === true ? { graceMs, crashedAt: struckAt } : { graceMs },
    );
    const result = resultOf(fault, system, load, times, found);
    if (result.failures.length > 0) await system.keepLogs(join(options.logs, fault.name));
    return { ...result, deaths: await endWatch(), untold: await untoldIn(system, found) };
  } finally {
    await endWatch();
    sampler.close();
    await system.close();
  }
}

/** Fills the short stages, then breaks it. Answers when. */
async function strike(fault: Fault, system: System, load: Load): Promise<number> {
  const talking = system.carrier.open.filter((call) => call.stageAt(Date.now()) === 'connected');
  for (const call of talking.slice(0, BURST)) system.carrier.hangUp(call);
  for (let placed = 0; placed < BURST; placed += 1) {
    load.place();
    await sleep(1);
  }
  const struckAt = Date.now();
  await fault.strike(system);
  return struckAt;
}

function resultOf(
  fault: Fault,
  system: System,
  load: Load,
  times: FaultTimes,
  found: Audit,
): Omit<FaultResult, 'untold' | 'deaths'> {
  const groups = judge(found, times, fault.bounds);
  const worse = new Set(groups.flatMap((group) => group.worse));
  const odd = found.calls.filter(
    (each) =>
      worse.has(each.call.id) ||
      (each.expected && !each.written) ||
      each.twice ||
      each.wrongLength ||
      each.untold.length > 0,
  );
  return {
    fault: fault.name,
    groups,
    failures: failuresOf(groups, found),
    wrong: found.wrong,
    channels: found.channels,
    live: found.live,
    stuckSessions: found.stuckSessions,
    lateInvites: system.carrier.lateInvites,
    standstills: system.carrier.voices.standstills,
    halfOpen: found.calls.filter(({ call }) => call.halfOpen).length,
    keyedTwice: found.calls.filter(({ call }) => call.keyed > 1).length,
    wrongs: [
      ...system.carrier.wrongInvites.map(({ at, why }) => ({ at: at - times.struckAt, what: why })),
      ...system.carrier.voices.mixups.map((mixup) => ({
        at: mixup.at - times.struckAt,
        what: `${mixup.heardBy} of call ${mixup.call} heard call ${mixup.heardCall}`,
      })),
    ].slice(0, 50),
    completeAfter: found.completeAfterMs === null ? null : found.completeAfterMs / 1_000,
    lastedMs: times.healedAt - times.struckAt,
    notPlaced: load.short,
    events: found.events,
    stories: odd.map((each) => storyOf(each, groupOf(each.call, times), times.struckAt)),
  };
}

/** Sessions whose log of callbacks is looked into. */
const LOGS = 12;

/** What the log of callbacks says of events that did not come, without their parameters: those hold numbers. */
async function untoldIn(system: System, found: Audit): Promise<unknown[]> {
  const sessions = new Set(
    found.calls.filter(({ untold }) => untold.length > 0).map(({ call }) => call.lane.sessionId),
  );
  const logs: unknown[] = [];
  for (const id of [...sessions].slice(0, LOGS)) {
    const told = system.ledger.of(id);
    const { body } = await system.api('GET', `/Masking/Session/${id}/Callback/?limit=20`);
    for (const entry of (body as { objects: { [field: string]: unknown }[] }).objects) {
      const { parameters, ...rest } = entry;
      const sequence = Number((parameters as Record<string, string>)['SequenceNumber']);
      if (!told.has(sequence)) logs.push({ ...rest, sequence });
    }
  }
  return logs;
}
