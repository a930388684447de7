import { Check, type Finding } from './findings.js';
import type { NodeLook } from './node-look.js';
import type { RedisFacts } from './redis-look.js';

interface Skew {
  /** Milliseconds. */
  readonly ahead: number;
  readonly within: number;
}

/**
 * Milliseconds. Sessions are ended by the clock, and what one controller thinks over is kept 10 s longer for the others
 * (SLACK in store/lua/include/number.lua): more than half of that is trouble. Call records of a node that differs by a
 * second are a second off.
 */
const NOTICED = 1_000;
const HARMFUL = 5_000;

export function judgeClocks(redis: RedisFacts | null, looks: readonly NodeLook[]): Finding[] {
  return [
    judge(new Check('clock.redis', 'clock of Redis'), redis?.clock ?? null, 'Redis'),
    ...looks.map((look) =>
      judge(
        new Check('clock.freeswitch', `clock of FreeSWITCH ${look.endpoint}`),
        look.trouble === null ? look.clock : null,
        `the Event Socket of ${look.endpoint}`,
      ),
    ),
  ];
}

function judge(check: Check, skew: Skew | null, needs: string): Finding {
  if (skew === null) return check.skipped(needs);
  const off = Math.max(0, Math.abs(skew.ahead) - skew.within);
  const way = skew.ahead > 0 ? 'ahead of' : 'behind';
  const cure = 'run an NTP client (chrony, systemd-timesyncd) on both hosts';
  const cause = `${(Math.abs(skew.ahead) / 1_000).toFixed(1)} s ${way} this host’s`;
  if (off > HARMFUL) return check.fail(cause, cure);
  return off > NOTICED ? check.warn(cause, cure) : check.ok('agrees with this host’s to a second');
}
