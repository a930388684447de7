import { expect, it } from 'vitest';

import { RareLog } from '../../../src/telemetry/rare-log.js';

it('says a thing once a minute, and for how many it stands', () => {
  const said: unknown[] = [];
  let now = 5;
  const log = new RareLog({ warn: (about: unknown) => void said.push(about) } as never, () => now);
  for (let times = 0; times < 100; times += 1) log.warn({ times }, 'again');
  now += 59_999;
  log.warn({}, 'again');
  now += 1;
  log.warn({ late: true }, 'again');
  now += 60_000;
  log.warn({ later: true }, 'again');
  expect(said).toEqual([{ times: 0 }, { late: true, unsaid: 100 }, { later: true }]);
});
