import { setTimeout as sleep } from 'node:timers/promises';
import type { CutProxy, LinkState } from './cut-proxy.js';
import type { Links, System, SystemOptions } from './system.js';
import type { Allowed, Bounds } from './verdict.js';

/** Something that breaks, how it is mended, and what that may cost. */
export interface Fault {
  readonly name: string;
  readonly what: string;
  /** What physics allows, and why, in a line. */
  readonly allows: string;
  readonly system: SystemOptions;
  readonly bounds: Bounds;
  /** Controllers that the fault ends; others that end are started again, and told of. */
  readonly victims?: readonly number[];
  /** Milliseconds from the strike to the repair. */
  readonly lastsMs: number;
  strike(system: System): unknown;
  repair(system: System): unknown;
  /** FreeSWITCH dies: what was up ended at the strike. */
  readonly crash?: true;
}

const bounds = (received: Allowed, prompting: Allowed, later: Allowed, during: Allowed): Bounds => ({
  received,
  prompting,
  dialing: later,
  ringing: later,
  connected: later,
  ending: later === 'lost' ? 'lost' : 'kept',
  during,
});

const ALL_KEPT = bounds('kept', 'kept', 'kept', 'kept');
/** Nobody can answer a question while it lasts; who needs no answer notices nothing. */
const NO_ANSWERS = bounds('told', 'told', 'kept', 'told');

const signal = (system: System, index: number, name: NodeJS.Signals): void => {
  const pid = system.controllers[index]?.pid;
  if (pid != null) process.kill(pid, name);
};

const kill = async (system: System, index: number): Promise<void> => {
  await system.controllers[index]?.end('SIGKILL');
};

const restartRedis = async (system: System): Promise<void> => {
  await system.redis.restart();
};

const setAll = async (links: readonly CutProxy[], state: LinkState): Promise<void> => {
  await Promise.all(links.map((link) => link.set(state)));
};

/** Everything that FreeSWITCH opens to the first controller: its questions and its CDRs. */
const setFirst = async ({ questions, cdrs }: Links, state: LinkState): Promise<void> => {
  await setAll([...questions.slice(0, 1), ...cdrs.slice(0, 1)], state);
};

export const FAULTS: readonly Fault[] = [
  {
    name: 'controller-killed',
    what: 'kill -9 of one of two controllers, the one that is asked first and supervises; started again after 8 s',
    allows: 'nothing is lost: the other one answers',
    system: { controllers: 2 },
    bounds: ALL_KEPT,
    victims: [0],
    lastsMs: 8_000,
    strike: (system) => kill(system, 0),
    repair: (system) => system.startTheDead(),
  },
  {
    name: 'only-controller-killed',
    what: 'kill -9 of the only controller; started again after 8 s',
    allows: 'calls that need an answer hear the announcement; who has been answered notices nothing',
    system: { controllers: 1 },
    bounds: NO_ANSWERS,
    victims: [0],
    lastsMs: 8_000,
    strike: (system) => kill(system, 0),
    repair: (system) => system.startTheDead(),
  },
  {
    name: 'controller-stopped',
    what: 'SIGSTOP of one of two controllers, its ports open; its watchdog kills it; started again after 8 s',
    allows: 'nothing is lost: the question goes to the other one once the watchdog has killed the first',
    system: { controllers: 2 },
    bounds: ALL_KEPT,
    victims: [0],
    lastsMs: 8_000,
    strike: (system) => signal(system, 0, 'SIGSTOP'),
    repair: (system) => system.startTheDead(),
  },
  {
    name: 'controller-frozen',
    what: 'SIGSTOP of one of two controllers without a watchdog, as a frozen machine; goes on after 8 s',
    allows:
      'callers whose question it holds are hung up by the dead-man; who needs no answer notices nothing',
    system: { controllers: 2, environment: { WATCHDOG_LIMIT_MS: '0' } },
    bounds: NO_ANSWERS,
    lastsMs: 8_000,
    strike: (system) => signal(system, 0, 'SIGSTOP'),
    repair: (system) => signal(system, 0, 'SIGCONT'),
  },
  {
    name: 'redis-killed',
    what: 'kill -9 of Redis; started again after 5 s',
    allows: 'calls that need an answer hear the announcement; no record and no callback is lost',
    system: { controllers: 2 },
    bounds: NO_ANSWERS,
    lastsMs: 5_000,
    strike: ({ redis }) => redis.kill(),
    repair: restartRedis,
  },
  {
    name: 'redis-stopped',
    what: 'SIGSTOP of Redis, its port open; goes on after 6 s',
    allows: 'calls that need an answer hear the announcement; no record and no callback is lost',
    system: { controllers: 2 },
    bounds: NO_ANSWERS,
    lastsMs: 6_000,
    strike: ({ redis }) => redis.pause(),
    repair: ({ redis }) => redis.resume(),
  },
  {
    name: 'cut-questions',
    what: 'network cut between FreeSWITCH and the question and CDR ports of the first of two controllers, for 8 s: silence',
    allows:
      'callers whose question is under way are hung up by the dead-man; who needs no answer notices nothing',
    system: { controllers: 2 },
    bounds: NO_ANSWERS,
    lastsMs: 8_000,
    strike: ({ links }) => setFirst(links, 'silent'),
    repair: ({ links }) => setFirst(links, 'whole'),
  },
  {
    name: 'refused-questions',
    what: 'the question and CDR ports of the first of two controllers break and refuse connections, for 8 s',
    allows: 'nothing is lost: the other one answers',
    system: { controllers: 2 },
    bounds: ALL_KEPT,
    lastsMs: 8_000,
    strike: ({ links }) => setFirst(links, 'refused'),
    repair: ({ links }) => setFirst(links, 'whole'),
  },
  {
    name: 'cut-event-socket',
    what: 'network cut between the controllers and the Event Socket of FreeSWITCH, for 10 s: silence',
    allows: 'nothing is lost: the CDRs tell what the events did not',
    system: { controllers: 2 },
    bounds: ALL_KEPT,
    lastsMs: 10_000,
    strike: ({ links }) => links.eventSocket.set('silent'),
    repair: ({ links }) => links.eventSocket.set('whole'),
  },
  {
    name: 'cut-redis-of-one',
    what: 'network cut between Redis and the first of two controllers, for 8 s: silence',
    allows: 'nothing is lost: the question goes to the controller that has Redis',
    system: { controllers: 2 },
    bounds: ALL_KEPT,
    lastsMs: 8_000,
    strike: ({ links }) => links.redis[0]?.set('silent'),
    repair: ({ links }) => links.redis[0]?.set('whole'),
  },
  {
    name: 'cut-redis-of-all',
    what: 'network cut between Redis and both controllers, for 8 s: silence',
    allows: 'calls that need an answer hear the announcement; no record and no callback is lost',
    system: { controllers: 2 },
    bounds: NO_ANSWERS,
    lastsMs: 8_000,
    strike: ({ links }) => setAll(links.redis, 'silent'),
    repair: ({ links }) => setAll(links.redis, 'whole'),
  },
  {
    name: 'cut-callbacks',
    what: 'network cut between the controllers and the receiver of callbacks, for 10 s: silence',
    allows: 'nothing is lost: callbacks are delivered later',
    system: { controllers: 2 },
    bounds: ALL_KEPT,
    lastsMs: 10_000,
    strike: ({ links }) => links.callbacks.set('silent'),
    repair: ({ links }) => links.callbacks.set('whole'),
  },
  {
    name: 'refused-callbacks',
    what: 'the receiver of callbacks breaks and refuses connections, for 10 s',
    allows: 'nothing is lost: callbacks are delivered later',
    system: { controllers: 2 },
    bounds: ALL_KEPT,
    lastsMs: 10_000,
    strike: ({ links }) => links.callbacks.set('refused'),
    repair: ({ links }) => links.callbacks.set('whole'),
  },
  {
    name: 'cut-carrier',
    what: 'network cut between FreeSWITCH and the carrier, signalling both ways, for 4 s: silence',
    allows: 'nothing is lost: SIP sends again what got lost',
    system: { controllers: 2 },
    bounds: ALL_KEPT,
    lastsMs: 4_000,
    strike: ({ carrier }) => {
      carrier.cut = true;
    },
    repair: ({ carrier }) => {
      carrier.cut = false;
    },
  },
  {
    name: 'freeswitch-killed',
    what: 'kill -9 of FreeSWITCH; started again after 5 s',
    allows: 'its calls are lost; each has its interaction, ended no later than FreeSWITCH was',
    system: { controllers: 2 },
    bounds: bounds('lost', 'lost', 'lost', 'lost'),
    lastsMs: 5_000,
    strike: async ({ freeswitch, carrier }) => {
      await freeswitch.end('SIGKILL');
      carrier.fallSilent();
    },
    repair: ({ freeswitch }) => freeswitch.launch(),
    crash: true,
  },
  {
    name: 'disk-full-redis',
    what: "no byte left on the disk of Redis' append-only file for 6 s; Redis ends itself and is started again",
    allows: 'calls that need an answer hear the announcement; no record and no callback is lost',
    system: { controllers: 2, redisDiskMb: 64 },
    bounds: NO_ANSWERS,
    lastsMs: 6_000,
    strike: ({ redisDisk }) => redisDisk?.fill(),
    repair: async (system) => {
      await system.redisDisk?.free();
      await sleep(500);
      await restartRedis(system);
    },
  },
  {
    name: 'disk-full-spool',
    what: 'no byte left on the disk of CDRs and recordings, for 12 s',
    allows: 'no call and no record is lost: events tell what CDRs cannot; recordings are failed or partial',
    system: { controllers: 2, spoolDiskMb: 192 },
    bounds: ALL_KEPT,
    lastsMs: 12_000,
    strike: ({ spoolDisk }) => spoolDisk?.fill(),
    repair: ({ spoolDisk }) => spoolDisk?.free(),
  },
];
