import type { Config } from '../../config.js';
import { SOFTPHONE_TRUNK } from '../../freeswitch/dial-string.js';
import { Check, type Finding } from './findings.js';
import type { RedisFacts } from './redis-look.js';

/** Whether there are virtual numbers at all, and whether calls of each have a way out. */
export function judgeNumbers(redis: RedisFacts | null, config: Config): Finding[] {
  const check = new Check('numbers', 'virtual numbers');
  if (redis === null || redis.trouble !== null) return [check.skipped('Redis')];
  const { numbers } = redis;
  if (numbers.length === 0) {
    return config.virtualNumbers.length > 0
      ? [
          check.warn(
            'none yet',
            `start the controller: it adds the ${config.virtualNumbers.length} of VIRTUAL_NUMBERS`,
          ),
        ]
      : [check.warn('none: no session can be created', 'add some: maskline numbers add, or VIRTUAL_NUMBERS')];
  }
  const enabled = numbers.filter((each) => each.enabled);
  if (enabled.length === 0) {
    return [
      check.warn(
        'every number is disabled: no session can be created',
        'maskline numbers update <number> --enabled true',
      ),
    ];
  }
  // A trunk may serve single numbers only, so one that TRUNKS does not name is no mistake by itself.
  const named = new Set(enabled.map(({ trunk }) => trunk).filter((trunk) => trunk !== ''));
  const unknown = [...named].filter((trunk) => trunk !== SOFTPHONE_TRUNK && !config.trunks.includes(trunk));
  const found = check.ok(`${enabled.length} enabled, ${numbers.length - enabled.length} disabled`);
  if (unknown.length === 0) return [found];
  return [
    found,
    new Check('numbers.trunks', 'trunks of numbers').warn(
      `numbers prefer ${unknown.join(', ')}, which TRUNKS does not name and was not checked`,
      'see that FreeSWITCH has the gateway, or maskline numbers update <number> --trunk ""',
    ),
  ];
}
