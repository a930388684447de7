import { HangJudge } from './hang-judge.js';

/**
 * A process of its own that watches the controller which started it, and kills it when it hangs: stopped,
 * or with a blocked event loop. FreeSWITCH waits for ever for a process that keeps its sockets open and
 * says nothing; one that is dead it passes over, and asks the next controller.
 */
const INTERVAL_MS = 100;

const limit = Number(process.argv[2]);
const watched = process.ppid;
const judge = new HangJudge(limit, INTERVAL_MS, performance.now());

// A terminal's Ctrl-C reaches us too. The controller's end is ours: the channel closes.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('message', () => judge.beat(performance.now()));
process.on('disconnect', () => process.exit(0));

setInterval(() => {
  // A channel that was closed while we could not look, or a controller that somebody else inherited us from.
  if (!process.connected || process.ppid !== watched) process.exit(0);
  if (judge.look(performance.now()) === 'alive') return;
  // A line as the controller's logger writes them.
  const line = {
    level: 'fatal',
    time: new Date().toISOString(),
    limitMs: limit,
    msg: 'the controller hangs and is killed, so that its callers are not held',
  };
  process.stderr.write(`${JSON.stringify(line)}\n`);
  process.kill(watched, 'SIGKILL');
  process.exit(1);
}, INTERVAL_MS);
