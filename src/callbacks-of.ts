import { Callbacks } from './callbacks/callbacks.js';
import type { Config } from './config.js';
import { recordingPath } from './recordings/recording-path.js';
import type { Store } from './store/store.js';
import type { Logger } from './telemetry/logger.js';

/** The callbacks of a controller, as its configuration has them. */
export function callbacksOf(config: Config, store: Store, logger: Logger): Callbacks {
  const { account, http, folders } = config;
  return new Callbacks({
    settings: config.callbacks,
    redisUrl: config.redisUrl,
    store,
    payloads: {
      amount: () => '0',
      recordingUrls: (accountId, recordingId) => {
        const resource = `${http.publicUrl}/v1/Account/${accountId}/Recording/${recordingId}/`;
        return { resource, media: resource };
      },
    },
    tokensOf: () => Promise.resolve({ account: account.token, main: account.token }),
    recordingPath: (fileName) => recordingPath(folders.recordings, fileName),
    now: () => Date.now(),
    logger,
  });
}
