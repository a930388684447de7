import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CdrSpool, type CdrSpoolOptions } from '../../../src/freeswitch/cdr-spool.js';
import { keepingLog } from './fake-event-socket.js';

let folder: string;
const spools: CdrSpool[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cdr-'));
});
afterEach(async () => {
  await Promise.all(spools.splice(0).map((spool) => spool.stop()));
  await rm(folder, { recursive: true });
});

const NAME = '525ef7e0-b97f-4ab8-81ea-901bd07e7af5.cdr.json';

function spoolOf(
  handle: CdrSpoolOptions['handle'],
  options: Partial<CdrSpoolOptions> = {},
): { spool: CdrSpool; lines: string[] } {
  const { lines, log } = keepingLog();
  const spool = new CdrSpool({ folder, handle, log, intervalMs: 10, ...options });
  spools.push(spool);
  return { spool, lines };
}

describe('cdr spool', () => {
  it('hands a document on and deletes the file once that has succeeded', async () => {
    await writeFile(join(folder, NAME), '{"a":1}\n');
    let release: () => void = () => undefined;
    const handled: unknown[] = [];
    const { spool } = spoolOf((document) => {
      handled.push(document);
      return new Promise((resolve) => (release = resolve));
    });
    const swept = spool.sweep();
    await vi.waitFor(() => expect(handled).toEqual([{ a: 1 }]));
    expect(await readdir(folder)).toEqual([NAME]);
    release();
    expect(await swept).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('waits for a file that is half written', async () => {
    const handled: unknown[] = [];
    const { spool } = spoolOf((document) => Promise.resolve(void handled.push(document)));
    spool.start();
    await writeFile(join(folder, NAME), '{"number":"155500');
    await delay(60);
    expect(handled).toEqual([]);
    await writeFile(join(folder, NAME), '{"number":"15550001001"}');
    await vi.waitFor(() => expect(handled).toEqual([{ number: '15550001001' }]));
  });

  it('sets aside what still does not parse after a while, and logs no content', async () => {
    await writeFile(join(folder, NAME), '{"number":"15550001001');
    const old = new Date(Date.now() - 61_000);
    await utimes(join(folder, NAME), old, old);
    const { spool, lines } = spoolOf(() => Promise.reject(new Error('not reached')));
    expect(await spool.sweep()).toBe(0);
    expect(await readdir(join(folder, 'rejected'))).toEqual([NAME]);
    expect(lines).toHaveLength(1);
    expect(lines.join()).not.toContain('1555');
  });

  it('tries a document again, later, when it could not be taken', async () => {
    await writeFile(join(folder, NAME), '{"a":1}');
    let failures = 2;
    const { spool, lines } = spoolOf(() =>
      failures-- > 0 ? Promise.reject(new Error('no store')) : Promise.resolve(),
    );
    spool.start();
    await vi.waitFor(async () => expect(await readdir(folder)).toEqual([]));
    expect(lines.filter((line) => line.includes('no store'))).toHaveLength(2);
  });

  it('one document that fails does not hold up the others', async () => {
    const names = Array.from({ length: 30 }, (_value, n) =>
      NAME.replace('525ef7e0', `525ef7${String(n).padStart(2, '0')}`),
    );
    await Promise.all(names.map((name, n) => writeFile(join(folder, name), JSON.stringify({ n }))));
    let running = 0;
    let most = 0;
    const { spool } = spoolOf(
      async (document) => {
        most = Math.max(most, ++running);
        await delay(2);
        running -= 1;
        if ((document as { n: number }).n === 3) throw new Error('poison');
      },
      { concurrency: 4 },
    );
    expect(await spool.sweep()).toBe(29);
    expect(await readdir(folder)).toEqual([names[3]]);
    expect(most).toBe(4);
  });

  it('leaves other files alone', async () => {
    await writeFile(join(folder, 'notes.txt'), 'x');
    await writeFile(join(folder, '.x.cdr.json'), '{}');
    const { spool } = spoolOf(() => Promise.reject(new Error('not reached')));
    expect(await spool.sweep()).toBe(0);
    expect((await readdir(folder)).sort()).toEqual(['.x.cdr.json', 'notes.txt']);
  });

  it('a folder that is not there is logged, and taken up when it appears', async () => {
    const { lines, log } = keepingLog();
    const spool = new CdrSpool({
      folder: join(folder, 'later'),
      handle: () => Promise.resolve(),
      log,
      intervalMs: 10,
    });
    spools.push(spool);
    spool.start();
    await vi.waitFor(() => expect(lines.join()).toContain('cannot be read'));
  });

  it('stop waits for the documents in progress and starts no other', async () => {
    const names = Array.from({ length: 5 }, (_value, n) => NAME.replace('5', String(n)));
    await Promise.all(names.map((name) => writeFile(join(folder, name), '{}')));
    let done = 0;
    const { spool } = spoolOf(
      async () => {
        await delay(30);
        done += 1;
      },
      { concurrency: 1 },
    );
    spool.start();
    await delay(15);
    await spool.stop();
    expect(done).toBe(1);
    expect(await readdir(folder)).toHaveLength(4);
  });
});

describe('cdr spool in an outage', () => {
  const names = Array.from({ length: 30 }, (_value, n) =>
    NAME.replace('525ef7e0', `525ef7${String(n).padStart(2, '0')}`),
  );

  it('asks for one document now and then, says so in one line, and takes all when it is over', async () => {
    await Promise.all(names.map((name) => writeFile(join(folder, name), '{}')));
    let isAway = true;
    let asked = 0;
    const { spool, lines } = spoolOf(
      () => {
        asked += 1;
        return isAway ? Promise.reject(new Error('away')) : Promise.resolve();
      },
      { concurrency: 2, intervalMs: 20, longestOutageMs: 60, isOutage: () => true },
    );
    spool.start();
    await delay(300);
    // 20 + 40 + 60 + 60 + … ms, and two workers at a time; 30 documents each time would be hundreds.
    expect(asked).toBeLessThan(20);
    expect(lines.filter((line) => line.includes('away')).length).toBeLessThan(10);
    isAway = false;
    await vi.waitFor(async () => expect(await readdir(folder)).toEqual([]), { timeout: 2_000 });
    expect(lines.at(-1)).toContain('again');
  });

  it('a document that is bad waits longer, without holding up others', async () => {
    await Promise.all(names.slice(0, 2).map((name) => writeFile(join(folder, name), '{}')));
    let asked = 0;
    const { spool } = spoolOf(
      () => {
        asked += 1;
        return asked === 1 ? Promise.reject(new Error('poison')) : Promise.resolve();
      },
      { concurrency: 1, isOutage: (error) => error instanceof Error && error.message === 'away' },
    );
    expect(await spool.sweep()).toBe(1);
  });
});

describe('a document that came by another way', () => {
  it('is known to wait, and is dropped', async () => {
    await writeFile(join(folder, NAME), '{}');
    const uuid = NAME.slice(0, 36);
    const { spool } = spoolOf(() => Promise.reject(new Error('not reached')));
    expect(await spool.holds(uuid)).toBe(true);
    spool.drop(uuid);
    spool.drop(uuid);
    expect(await spool.holds(uuid)).toBe(false);
    await vi.waitFor(async () => expect(await readdir(folder)).toEqual([]));
    spool.drop(uuid);
  });

  it('is not taken from the folder while it waits to be removed', async () => {
    const other = NAME.replace('5', '4');
    await Promise.all([NAME, other].map((name) => writeFile(join(folder, name), '{}')));
    let handled = 0;
    const { spool } = spoolOf(() => Promise.resolve(void (handled += 1)));
    spool.drop(NAME.slice(0, 36));
    expect(await spool.sweep()).toBe(1);
    expect(handled).toBe(1);
    expect(await readdir(folder)).not.toContain(other);
    await spool.stop();
    expect(await readdir(folder)).toEqual([]);
  });

  it('is taken as any other when it could not be removed', async () => {
    // A folder of that name can be neither read nor unlinked.
    await mkdir(join(folder, NAME));
    const { spool, lines } = spoolOf(() => Promise.reject(new Error('not reached')));
    const uuid = NAME.slice(0, 36);
    spool.drop(uuid);
    expect(await spool.holds(uuid)).toBe(false);
    await spool.stop();
    expect(lines.at(-1)).toContain('could not be removed');
    expect(await spool.holds(uuid)).toBe(true);
  });

  it('what is no UUID names no file', async () => {
    await writeFile(join(folder, 'x.cdr.json'), '{}');
    const { spool } = spoolOf(() => Promise.reject(new Error('not reached')));
    expect(await spool.holds('x')).toBe(false);
    spool.drop('x');
    spool.drop('../x');
    await spool.stop();
    expect(await readdir(folder)).toEqual(['x.cdr.json']);
  });
});
