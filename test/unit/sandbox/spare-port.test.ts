import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const MODULE = new URL('../../../sandbox/spare-port.ts', import.meta.url).pathname;
/** More than one process is given at first. */
const EACH = 120;

const PROGRAM = `
import { createServer } from 'node:net';
import { once } from 'node:events';
import { sparePort } from ${JSON.stringify(MODULE)};
const ports = [];
// What holds a port later: it is not given out again while it is held.
const hold = async (port) => {
  const holder = createServer().listen(port, '127.0.0.1');
  await once(holder, 'listening');
  holder.unref();
  ports.push(port);
};
// Several that are asked for at once are several.
for (const port of await Promise.all([sparePort(), sparePort(), sparePort()])) await hold(port);
while (ports.length < ${EACH}) await hold(await sparePort());
process.stdout.write(JSON.stringify(ports));
`;

it('gives no port to two processes, however long they take to use it', async () => {
  const run = promisify(execFile);
  const given = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const { stdout } = await run(process.execPath, [
        '--import',
        'tsx',
        '--input-type=module',
        '-e',
        PROGRAM,
      ]);
      return JSON.parse(stdout) as number[];
    }),
  );
  expect(given.map(({ length }) => length)).toEqual([EACH, EACH, EACH]);
  expect(new Set(given.flat()).size).toBe(3 * EACH);
}, 30_000);
