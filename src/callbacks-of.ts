import { Callbacks } from './callbacks/callbacks.js';
import type { Config } from './config.js';
import type { RecordingUrls } from './recordings/recording-urls.js';
import type { Store } from './store/store.js';
import type { Logger } from './telemetry/logger.js';

/** The callbacks of a controller, as its configuration has them. */
export function callbacksOf(config: Config, store: Store, urls: RecordingUrls, logger: Logger): Callbacks {
  const { account } = config;
  return new Callbacks({
    settings: config.callbacks,
    redisUrl: config.redisUrl,
    store,
    payloads: {
      amount: () => '0',
      recordingUrls: (recording) => ({
        resource: urls.resource(recording.accountId, recording.id),
        media: urls.media(recording, Date.now()),
      }),
    },
    tokensOf: () => Promise.resolve({ account: account.token, main: account.token }),
    now: () => Date.now(),
    logger,
  });
}
