import type { Config } from '../../config.js';
import { Check, type Finding } from './findings.js';
import type { RedisFacts } from './redis-look.js';

/** Whether there are virtual numbers at all. */
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
  return [check.ok(`${enabled.length} enabled, ${numbers.length - enabled.length} disabled`)];
}
