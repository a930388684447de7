/**
 * Child of bench:callbacks: the callbacks of a controller with its own configuration, and nothing else of it. Started
 * with an IPC channel; says `ready`, then hears of the numbers to whose outboxes something was appended, as the scripts
 * of a controller's own process would tell.
 */
import { callbacksOf } from '../../src/callbacks-of.js';
import { loadConfig } from '../../src/config.js';
import type { E164 } from '../../src/masking/phone-number.js';
import { RecordingUrls } from '../../src/recordings/recording-urls.js';
import { Store } from '../../src/store/index.js';
import { createLogger } from '../../src/telemetry/logger.js';

const config = loadConfig(process.env);
const { dataKeys } = config;
const { publicUrl } = config.http;
const store = new Store({ url: config.redisUrl, dataKeys });
await store.ready();
const urls = new RecordingUrls({ publicUrl, dataKeys, lifetime: config.recordings.urlLifetime });
const log = createLogger({ level: config.logLevel });
callbacksOf(config, store, urls, undefined, Date.now, log).start();

process.on('message', (numbers) => {
  for (const number of numbers as readonly E164[]) {
    void store.outbox.mark(number);
    store.outbox.appended(number);
  }
});
// Whoever started us is gone.
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
