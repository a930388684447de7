/** A process with a watchdog that does what its argument says: blocks, stops itself, ends, or lives. */
import { Watchdog } from '../../../src/watchdog/watchdog.js';
import { createLogger } from '../../../src/telemetry/logger.js';

const [, , what = '', limit = '500'] = process.argv;
const watchdog = new Watchdog({ limitMs: Number(limit), log: createLogger({ level: 'silent' }) });
watchdog.start();
// Long enough that its watcher runs, and looks.
setTimeout(() => {
  process.stdout.write('begun\n');
  if (what === 'block') for (;;) Math.random();
  if (what === 'stop') process.kill(process.pid, 'SIGSTOP');
  if (what === 'end') {
    watchdog.stop();
    // Ending may take longer than the limit.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    process.exit(7);
  }
  setTimeout(() => process.exit(8), 2_000);
}, 3_000);
