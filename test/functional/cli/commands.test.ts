import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { cli, spawnCli, type CliOptions, type CliResult } from '../../helpers/cli.js';
import { freeTcpPort } from '../../helpers/ports.js';
import { RunningApi } from '../../helpers/running-api.js';

const NUMBERS = ['+15550002001', '+15550002002', '+15550002003'];
const FIRST = '+447700900161';
const SECOND = '+447700900162';

let api: RunningApi;
let folder: string;
let environment: Record<string, string>;

beforeAll(async () => {
  api = await RunningApi.start();
  folder = await mkdtemp(join(tmpdir(), 'maskline-cli-'));
  environment = { MASKLINE_URL: api.url, AUTH_ID: api.account.id, AUTH_TOKEN: api.account.token };
});

afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

function run(args: readonly string[], options: CliOptions & { columns?: number } = {}): Promise<CliResult> {
  return cli(args, { environment, folder, ...options });
}

/** What `--json` printed. */
function documentOf(result: CliResult): Record<string, unknown> {
  expect(result.code, result.stderr).toBe(0);
  return JSON.parse(result.stdout) as Record<string, unknown>;
}

let people = 0;

/** A session of two people whom no other has; they are given on standard input. */
async function newSession(more: readonly string[] = [], first?: string, second?: string): Promise<string> {
  people += 2;
  const body = {
    first_party: first ?? `+4477009002${String(people).padStart(2, '0')}`,
    second_party: second ?? `+4477009002${String(people + 1).padStart(2, '0')}`,
    geomatch: false,
  };
  const args = ['sessions', 'create', '--body', '-', '--json', ...more];
  const created = documentOf(await run(args, { input: JSON.stringify(body) }));
  return String(created['session_uuid']);
}

describe('maskline', { timeout: 60_000 }, () => {
  it('imports numbers, tells which lines fail and goes on, and is harmless a second time', async () => {
    const lines = [
      '# ours',
      'number,alias,trunk',
      `${NUMBERS[0]!},"main, line",carrier`,
      'nonsense',
      NUMBERS[1],
      '',
      NUMBERS[2],
    ];
    await writeFile(join(folder, 'numbers.csv'), lines.join('\n'));
    const first = await run(['numbers', 'import', 'numbers.csv'], { folder });
    const file = join(folder, 'numbers.csv');
    expect(first.stderr).toContain('the file cannot be read (ENOENT)');
    const result = await run(['numbers', 'import', file]);
    expect(result.stdout).toBe('3 added, 0 existed, 1 failed\n');
    expect(result.stderr).toContain('line 4: Invalid parameter. number is not a valid phone number.');
    expect(result.stderr).not.toContain('nonsense');
    expect(result.code).toBe(1);
    const again = await run(['numbers', 'import', '-', '--json'], { input: NUMBERS.join('\n') });
    expect(documentOf(again)).toEqual({ added: 0, existed: 3, failed: 0, failures: [] });
    const shown = documentOf(await run(['numbers', 'get', NUMBERS[0]!, '--json']));
    expect([shown['alias'], shown['trunk']]).toEqual(['main, line', 'carrier']);
  });

  it('creates a session from standard input, shows it masked, and in full when told to', async () => {
    const id = await newSession(['--virtual-number', NUMBERS[0]!], FIRST, SECOND);
    const human = await run(['sessions', 'get', id]);
    expect(human.code).toBe(0);
    expect(human.stdout).toContain('**********61');
    for (const number of [FIRST, SECOND]) expect(human.stdout).not.toContain(number.slice(1));
    const revealed = await run(['sessions', 'get', id, '--reveal']);
    expect(revealed.stdout).toContain(FIRST.slice(1));
    expect(documentOf(await run(['sessions', 'get', id, '--json']))['first_party']).toBe(FIRST.slice(1));
  });

  it('hides PINs unless they are to be revealed', async () => {
    const body = JSON.stringify({ first_party: FIRST, second_party: SECOND, geomatch: false });
    const args = ['sessions', 'create', '--body', '-', '--pins', '--generate-pins', '--pin-length', '6'];
    const prompt = ['--pin-prompt-play', 'https://example.com/pin.wav'];
    const created = await run([...args, ...prompt], { input: body });
    expect(created.code, created.stderr).toBe(0);
    const id = /created {2}(\S+)/.exec(created.stdout)?.[1] ?? '';
    const { first_party_pin: pin } = documentOf(await run(['sessions', 'get', id, '--json']));
    expect(pin).toMatch(/^\d{6}$/);
    expect(created.stdout).not.toContain(String(pin));
    expect(created.stdout).toMatch(/first_party_pin +\*\*\*\*/);
    expect((await run(['sessions', 'get', id, '--reveal'])).stdout).toContain(String(pin));
  });

  it('pages by itself, over the windows that the API fixes', async () => {
    for (let count = 0; count < 21; count += 1) await newSession();
    const counted = Number(
      documentOf(await run(['sessions', 'list', '--json', '--limit', '1']))['total_count'],
    );
    const all = documentOf(await run(['sessions', 'list', '--all', '--json']));
    const ids = (all['objects'] as { session_uuid: string }[]).map((each) => each.session_uuid);
    expect(new Set(ids).size).toBe(counted);
    const some = await run(['numbers', 'list', '--limit', '2']);
    expect(some.stdout.trim().split('\n')).toHaveLength(3);
    expect(some.stderr).toContain('2 of 3 numbers; --all or --limit shows more');
  });

  it('fits its tables into a terminal, and does not cut what is piped', async () => {
    const narrow = await run(['sessions', 'list'], { columns: 60 });
    for (const line of narrow.stdout.split('\n')) {
      expect(line.replace(/\u001b\[\d+m/g, '').length).toBeLessThanOrEqual(60);
    }
    expect(narrow.stdout).toContain('\u001b[1m');
    const plain = await run(['sessions', 'list'], {
      columns: 60,
      environment: { ...environment, NO_COLOR: '1' },
    });
    expect(plain.stdout).not.toContain('\u001b');
    const piped = await run(['sessions', 'list']);
    expect(piped.stdout).toMatch(/^SESSION .* EXPIRES$/m);
    expect(piped.stdout).not.toContain('\u001b');
  });

  it('extends, updates and ends a session', async () => {
    const id = await newSession(['--virtual-number', NUMBERS[1]!, '--single-party', '--expiry', '600']);
    const before = documentOf(await run(['sessions', 'get', id, '--json']));
    expect((await run(['sessions', 'extend', id, '7200'])).stdout).toContain(`changed  ${id}`);
    const after = documentOf(await run(['sessions', 'get', id, '--json']));
    expect(String(after['expiry_time']) > String(before['expiry_time'])).toBe(true);
    await run(['sessions', 'update', id, '--ring-timeout', '30', '--callback-url', 'https://example.com/cb']);
    await run(['sessions', 'update', id, '--callback-url', '']);
    const updated = documentOf(await run(['sessions', 'get', id, '--json']));
    expect([updated['ring_timeout'], updated['callback_url']]).toEqual([30, '']);
    expect((await run(['sessions', 'update', id])).code).toBe(2);
    expect((await run(['sessions', 'end', id])).stdout).toBe(`ended  ${id}\n`);
    const twice = await run(['sessions', 'end', id]);
    expect([twice.code, twice.stderr]).toEqual([1, 'maskline: Session already expired\n']);
  });

  it('explains a call, with a PIN that is asked for and shows nowhere', async () => {
    const to = NUMBERS[2]!;
    const made = await run(
      [
        'sessions',
        'create',
        '--body',
        '-',
        '--pins',
        '--pin-prompt-play',
        'https://example.com/p.wav',
        '--virtual-number',
        to,
        '--json',
      ],
      {
        input: JSON.stringify({
          ...{ first_party: '+447700900171', second_party: '+447700900172', geomatch: false },
          ...{ first_party_pin: '47119', second_party_pin: '88220' },
        }),
      },
    );
    documentOf(made);
    const told = await run(['explain', '--to', to, '--from', '+33612345678', '--pin'], { input: '47119\n' });
    expect(told.code, told.stderr).toBe(0);
    expect(told.stdout).toContain('PIN         right');
    expect(told.stdout + told.stderr).not.toContain('47119');
    expect(told.stdout).not.toContain('447700900172');
    const known = await run(['explain', '--to', to, '--from', '+447700900171']);
    expect(known.stdout).toContain('decided by  known-caller');
    expect(known.stdout).toContain('calls       **********72');
  });

  it('lists callbacks, calls and changes', async () => {
    const id = await newSession(['--callback-url', 'https://example.com/secret-path']);
    await run(['sessions', 'end', id]);
    const callbacks = await run(['callbacks', 'list', id]);
    expect(callbacks.code, callbacks.stderr).toBe(0);
    expect(callbacks.stdout).not.toContain('secret-path');
    expect((await run(['callbacks', 'resend', id, '7'])).code).toBe(3);
    expect((await run(['calls', 'list'])).stderr).toContain('no calls to show');
    expect(documentOf(await run(['calls', 'live', '--json']))).toEqual({ objects: [], total_count: 0 });
    const audit = documentOf(
      await run(['audit', 'list', '--action', 'deleteSession', '--json', '--limit', '1']),
    );
    expect(audit['objects']).toMatchObject([{ target: id, outcome: 'done' }]);
    const ends = documentOf(await run(['audit', 'list', '--target', id, '--json']));
    expect(ends['objects']).toHaveLength(2);
  });

  it('erases a person only when that is meant', async () => {
    const id = await newSession([], FIRST);
    const unsure = await run(['persons', 'erase', FIRST]);
    expect([unsure.code, unsure.stdout]).toEqual([2, '']);
    expect(unsure.stderr).toContain('add --yes');
    // The number comes from standard input, so that no command line shows it.
    const erased = await run(['persons', 'erase', '--yes', '--json'], { input: `${FIRST}\n` });
    expect((documentOf(erased)['removed'] as { complete: boolean }).complete).toBe(true);
    expect((await run(['sessions', 'get', id])).code).toBe(3);
  });

  it('says in one line what is wrong with the connection, and with which exit code', async () => {
    const port = await freeTcpPort();
    const web = createServer((_, response) => response.writeHead(404).end('<html>')).listen(0, '127.0.0.1');
    await once(web, 'listening');
    const elsewhere = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
    const cases: [changes: Record<string, string>, args: string[], code: number, text: string][] = [
      [{ AUTH_TOKEN: 'x'.repeat(24) }, [], 4, `${api.url} does not take AUTH_ID and AUTH_TOKEN`],
      [{ AUTH_ID: 'MAOTHEROTHEROTHER000' }, [], 4, 'does not take AUTH_ID and AUTH_TOKEN: compare both'],
      [{}, ['--account', 'SAOTHEROTHEROTHER000'], 4, '--account needs the main account’s credentials'],
      [{ AUTH_ID: 'somebody' }, [], 2, 'AUTH_ID is not an account id'],
      [{ AUTH_TOKEN: '' }, [], 2, 'AUTH_TOKEN is not set: put it into the environment or into .env'],
      [{ MASKLINE_URL: `http://127.0.0.1:${port}` }, [], 5, 'nothing listens there: start the controller'],
      [{ MASKLINE_URL: 'http://maskline.invalid' }, [], 5, 'MASKLINE_URL'],
      [{ MASKLINE_URL: elsewhere }, [], 5, 'not as a Maskline API: correct MASKLINE_URL'],
      [{ MASKLINE_URL: 'ftp://x' }, [], 2, 'the URL of the API is not http:// or https://'],
    ];
    for (const [changes, more, code, text] of cases) {
      const result = await run(['sessions', 'list', '--json', ...more], {
        environment: { ...environment, ...changes },
      });
      expect([result.code, result.stdout], text).toEqual([code, '']);
      expect(result.stderr).toContain(text);
      expect(result.stderr.trim().split('\n')).toHaveLength(1);
      expect(result.stderr).not.toContain(api.account.token);
    }
    web.close();
  });

  it('takes its settings from .env, and those of the environment before them', async () => {
    const place = await mkdtemp(join(folder, 'env-'));
    const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    await writeFile(join(place, '.env'), lines.join('\n'));
    expect((await cli(['numbers', 'list'], { folder: place })).code).toBe(0);
    const other = await cli(['numbers', 'list'], {
      folder: place,
      environment: { AUTH_TOKEN: 'x'.repeat(24) },
    });
    expect(other.code).toBe(4);
  });

  it('refuses what it does not understand with code 2, and offers what is meant', async () => {
    const wrong = await run(['sesions', 'list']);
    expect([wrong.code, wrong.stdout]).toEqual([2, '']);
    expect(wrong.stderr).toContain('Did you mean sessions?');
    expect((await run(['sessions', 'get', 'not-an-id'])).code).toBe(2);
    const help = await run(['--help']);
    expect([help.code, help.stderr]).toEqual([0, '']);
    for (const word of ['Examples:', 'MASKLINE_URL', 'AUTH_TOKEN', 'Exit codes', 'doctor'])
      expect(help.stdout).toContain(word);
    expect((await run(['sessions', 'list', '--help'])).stdout).toContain('--reveal');
  });

  it('as a process: exit code, one document on standard output, nothing left behind', async () => {
    const [found, missing] = await Promise.all([
      spawnCli(['numbers', 'list', '--json'], { environment, folder }),
      spawnCli(['numbers', 'get', '+15550009876'], { environment, folder }),
    ]);
    expect(documentOf(found)['total_count']).toBe(3);
    expect([missing.code, missing.stdout]).toEqual([3, '']);
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});
