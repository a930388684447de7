/**
 * Callbacks a second and the time from an event to its receipt, through the outboxes, the queue and the courier of a
 * controller, beside a bare loop that posts the same bodies with the same signatures to the same receivers, so many at
 * once, and stores nothing. In turns. With receivers that all answer, and with some that hang, are slow, or fail: what
 * that means for the others. Prints what a callback costs each process; writes JSON beside it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  CallbackRig,
  callbackKey,
  SENDERS,
  type CallbackEvent,
  type Sender,
  type SenderName,
} from './lib/callback-rig.js';
import type { Behaviour } from './lib/callback-receivers.js';
import { delaysOf, delayText } from './lib/delays.js';
import { instant } from './lib/instant.js';
import { optionsFrom, wholeNumber } from './lib/options.js';
import { atRate } from './lib/paced.js';
import { cpuMsOf } from './lib/process-figures.js';
import { medianOf, table } from './lib/statistics.js';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '30' },
    burst: { type: 'string', default: '3000' },
    receivers: { type: 'string', default: '8' },
    bad: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '2' },
    output: { type: 'string', default: 'var/bench/callbacks.json' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    'npm run bench:callbacks -- [--rate 100] [--seconds 30] [--burst 3000] [--receivers 8] [--bad 3] [--rounds 2]\n' +
      '                          [--output var/bench/callbacks.json]\n' +
      'rate: events a second, for so many seconds in a round; burst: events at once; bad: receivers that hang, are\n' +
      'slow (3 s) or fail (500), in turns, in the last part of a round. Needs redis-server. With two cores or more what\n' +
      'sends has the first one, and Redis, the receivers and the events the others.\n',
  );
  process.exit(0);
}

const { rate, seconds, burst, receivers, rounds } = optionsFrom(() => ({
  rate: wholeNumber('rate', values.rate, { from: 1, to: 10_000 }),
  seconds: wholeNumber('seconds', values.seconds, { from: 1, to: 3_600 }),
  burst: wholeNumber('burst', values.burst, { from: 1, to: 20_000 }),
  receivers: wholeNumber('receivers', values.receivers, { from: 1, to: 100 }),
  rounds: wholeNumber('rounds', values.rounds, { from: 1, to: 1_000 }),
}));
const bad = optionsFrom(() => wholeNumber('bad', values.bad, { from: 0, to: receivers - 1 }));

/** Callbacks before anything is measured: code is loaded, and every receiver is known to answer. */
const WARM_UP = 500;
/** Milliseconds that callbacks have after the last event; what is not there then is missing. */
const PATIENCE = { all: 60_000, some: 10_000 };
/** Milliseconds for what is written behind a delivery, which belongs to it. */
const SETTLE_MS = 1_000;
const MISBEHAVIOUR: readonly Behaviour[] = ['hangs', 'slow', 'fails'];

type Part = 'burst' | 'all answer' | 'some do not';

/** One part of one round. CPU in milliseconds a callback. */
interface Figures {
  readonly sender: SenderName;
  readonly part: Part;
  /** Callbacks a second, from the first event to the last receipt. */
  readonly perSecond: number;
  /** Milliseconds from event to receipt; Infinity (null in JSON) for what was missing. */
  readonly delays: readonly number[];
  readonly cpu: number;
  readonly cpuOfRedis: number;
}
const figures: Figures[] = [];

let pinned = true;
const rig = await CallbackRig.start(receivers);
try {
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? SENDERS : SENDERS.toReversed()) {
      process.stderr.write(`round ${round + 1} of ${rounds}: ${name}\n`);
      await rig.behave(Array.from({ length: receivers }, () => 'answers'));
      const sender = await rig.sender(name);
      try {
        pinned = (await rig.pin(sender)) && pinned;
        await run(sender, WARM_UP, 'burst');
        figures.push({ sender: name, part: 'burst', ...(await run(sender, burst, 'burst')) });
        const count = rate * seconds;
        figures.push({ sender: name, part: 'all answer', ...(await run(sender, count, 'all answer')) });
        if (bad > 0) {
          await rig.behave(Array.from({ length: receivers }, (_, receiver) => behaviourOf(receiver)));
          figures.push({ sender: name, part: 'some do not', ...(await run(sender, count, 'some do not')) });
        }
      } finally {
        await sender.end();
      }
    }
  }
} finally {
  await rig.close();
}

const rows = (
  part: Part,
  row: (own: readonly Figures[], delays: readonly number[]) => string[],
): string[][] =>
  SENDERS.map((sender) => {
    const own = figures.filter((each) => each.sender === sender && each.part === part);
    return [
      sender,
      ...row(
        own,
        own.flatMap(({ delays }) => delays),
      ),
    ];
  });
const bareRate = medianOf(
  figures.filter(({ sender, part }) => sender === 'bare POST, a connection each' && part === 'burst'),
  ({ perSecond }) => perSecond,
);
const ofBurst = rows('burst', (own, delays) => {
  const perSecond = medianOf(own, (each) => each.perSecond);
  const cpu = medianOf(own, (each) => each.cpu);
  return [
    perSecond.toFixed(0),
    (perSecond / bareRate).toFixed(2),
    String(missingOf(delays)),
    cpu.toFixed(2),
    medianOf(own, ({ cpuOfRedis }) => cpuOfRedis).toFixed(2),
    (1_000 / cpu).toFixed(0),
  ];
});
const ofDelay = (part: Part): string[][] =>
  rows(part, (own, delays) => [
    String(delays.length),
    delayText(delays, 0.5),
    delayText(delays, 0.99),
    String(missingOf(delays)),
    medianOf(own, ({ cpu }) => cpu).toFixed(2),
    medianOf(own, ({ cpuOfRedis }) => cpuOfRedis).toFixed(2),
  ]);
const [cpuHead, delayHead] = [
  ['its CPU ms', 'Redis'],
  ['callbacks', 'p50 ms', 'p99 ms', 'missing'],
] as const;
const burstHead = ['callbacks/s', 'times one with a connection each', 'missing', ...cpuHead];
process.stdout.write(
  `${table([[`${burst} events at once`, ...burstHead, 'callbacks/s of one core'], ...ofBurst])}\n\n` +
    `${table([[`${rate} events a second, all answer`, ...delayHead, ...cpuHead], ...ofDelay('all answer')])}\n`,
);
if (bad > 0) {
  const head = `the other ${receivers - bad}, while ${bad} of ${receivers} do not answer well`;
  process.stdout.write(`\n${table([[head, ...delayHead, ...cpuHead], ...ofDelay('some do not')])}\n`);
}
process.stdout.write(
  `p50, p99: from event to receipt; CPU: per callback. ${rounds} rounds, ${seconds} s at the rate in each; ` +
    `${cpus().length} cores${pinned ? ', the first for what sends' : ', shared by all'}\n`,
);
await mkdir(dirname(values.output), { recursive: true });
await writeFile(
  values.output,
  `${JSON.stringify({ rate, seconds, burst, receivers, bad, pinned, figures }, null, 1)}\n`,
);
const lost = figures.some(({ part, delays }) => part !== 'some do not' && missingOf(delays) > 0);
process.exitCode = lost ? 1 : 0;

/** Of a receiver in the last part. The bad ones are the first. */
function behaviourOf(receiver: number): Behaviour {
  return receiver < bad ? (MISBEHAVIOUR[receiver % MISBEHAVIOUR.length] ?? 'hangs') : 'answers';
}

function missingOf(delays: readonly number[]): number {
  return delays.filter((delay) => delay === Number.POSITIVE_INFINITY).length;
}

/** Tells so many events, and waits for the receipts of those whose receivers answer. */
async function run(sender: Sender, count: number, part: Part): Promise<Omit<Figures, 'sender' | 'part'>> {
  await rig.forget();
  const told = new Map<string, number>();
  const note = (event: CallbackEvent, at: number): void => {
    if (part !== 'some do not' || behaviourOf(event.receiver) === 'answers') told.set(callbackKey(event), at);
  };
  const used = (): [number, number] => [cpuMsOf(sender.pid), cpuMsOf(rig.redisPid)];
  const before = used();
  const begun = instant();
  if (part === 'burst') {
    const events = Array.from({ length: count }, () => rig.next());
    for (const event of events) note(event, begun);
    await sender.tell(events);
  } else {
    const telling: Promise<void>[] = [];
    await atRate(rate, count, () => {
      const event = rig.next();
      note(event, instant());
      telling.push(sender.tell([event]));
    });
    await Promise.all(telling);
  }
  const arrived = await rig.arrivals([...told.keys()], part === 'some do not' ? PATIENCE.some : PATIENCE.all);
  await sleep(SETTLE_MS);
  const [cpu, cpuOfRedis] = used().map((ms, index) => (ms - (before[index] ?? 0)) / count) as [
    number,
    number,
  ];
  const over = Math.max(...arrived.values());
  return {
    perSecond: arrived.size / ((over - begun) / 1_000),
    delays: delaysOf(told, arrived),
    cpu,
    cpuOfRedis,
  };
}
