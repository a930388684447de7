import { Callbacks, type CallbacksOptions } from './callbacks/callbacks.js';
import type { Config } from './config.js';
import type { RecordingUrls } from './recordings/recording-urls.js';
import type { Store } from './store/store.js';
import type { Logger } from './telemetry/logger.js';

/** The callbacks of a controller, as its configuration has them. */
export function callbacksOf(
  config: Config,
  store: Store,
  urls: RecordingUrls,
  onAttempt: CallbacksOptions['onAttempt'],
  now: () => number,
  logger: Logger,
): Callbacks {
  const { account } = config;
  return new Callbacks({
    settings: config.callbacks,
    redisUrl: config.redisUrl,
    store,
    payloads: {
      recordingUrls: (recording) => ({
        resource: urls.resource(recording.accountId, recording.id),
        media: urls.media(recording, now()),
      }),
    },
    tokensOf: async (accountId) => {
      const token = accountId === account.id ? null : await store.accounts.signingToken(accountId);
      // Of a subaccount that was removed meanwhile, the main account's stands for both.
      return { account: token ?? account.token, main: account.token };
    },
    now,
    onAttempt,
    logger,
  });
}
