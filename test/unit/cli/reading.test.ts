import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';

import { completionScript } from '../../../src/cli/completion.js';
import { connectionOf, urlOf } from '../../../src/cli/connection.js';
import { environmentIn } from '../../../src/cli/environment.js';
import { EventStreamReader } from '../../../src/event-stream.js';
import { importLines } from '../../../src/cli/number-import.js';
import { programIn } from '../../../src/cli/program.js';
import { Terminal, type World } from '../../../src/cli/terminal.js';

function world(more: Partial<World> = {}): World {
  return {
    ...{
      variables: {},
      folder: '/',
      stdin: new PassThrough(),
      stdout: new PassThrough(),
      stderr: new PassThrough(),
    },
    signal: new AbortController().signal,
    ...more,
  };
}

describe('an event stream', () => {
  const text =
    ': alive\n\nid: 1\nevent: step\ndata: {"a":\ndata: 1}\n\r\ndata:x\r\n\r\nid: 2\nevent: reset\ndata: {}\n\nevent: none\n\n';
  const events = [
    { id: '1', event: 'step', data: '{"a":\n1}' },
    { id: '1', event: 'message', data: 'x' },
    { id: '2', event: 'reset', data: '{}' },
  ];

  it('is the same however it is cut into pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), (cuts) => {
        const reader = new EventStreamReader();
        const ends = [...cuts.sort((one, other) => one - other), text.length];
        const found = ends.flatMap((end, index) => reader.push(text.slice(ends[index - 1] ?? 0, end)));
        expect(found).toEqual(events);
      }),
    );
  });

  it('takes no line without end', () => {
    expect(() => new EventStreamReader().push('x'.repeat(2_000_000))).toThrow(RangeError);
  });
});

describe('a file of numbers', () => {
  it('with titles in another order, quotes, comments and a byte order mark', () => {
    const text = '\ufeff# numbers\nnumber,trunk,alias\n+1555, acme ,"a ""b"", c"\r\n\n+1556\n';
    expect(importLines(text)).toEqual([
      { line: 3, body: { number: '+1555', trunk: 'acme', alias: 'a "b", c' } },
      { line: 5, body: { number: '+1556' } },
    ]);
  });
});

describe('settings', () => {
  it('come from .env where the environment has none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'maskline-env-'));
    writeFileSync(join(folder, '.env'), 'AUTH_ID=MAFROMFILEFROMFILE00\nAUTH_TOKEN="from # file"\n');
    const { variables } = environmentIn(folder, { AUTH_ID: ' ', AUTH_TOKEN: 'mine' });
    expect([variables['AUTH_ID'], variables['AUTH_TOKEN']]).toEqual(['MAFROMFILEFROMFILE00', 'mine']);
    expect(environmentIn(join(folder, 'nowhere'), {}).file).toBeNull();
    rmSync(folder, { recursive: true });
  });

  it('MASKLINE_URL goes before PUBLIC_URL, and an option before both', () => {
    const variables = { MASKLINE_URL: 'http://a:1/', PUBLIC_URL: 'https://b' };
    expect(urlOf({ url: 'http://c' }, variables)).toBe('http://c');
    expect(urlOf({}, variables)).toBe('http://a:1');
    expect(urlOf({}, { PUBLIC_URL: 'https://b' })).toBe('https://b');
    expect(urlOf({}, { HTTP_PORT: '9090' })).toBe('http://127.0.0.1:9090');
    expect(() => urlOf({ url: 'http://user:secret@host' }, {})).toThrow('holds credentials');
  });

  it('the token may be in a file, and an error tells nothing of it', () => {
    const variables = { AUTH_ID: 'MAAAAAAAAAAAAAAAAAAA', AUTH_TOKEN_FILE: '/run/secrets/token' };
    expect(connectionOf({}, variables, () => ' abc \n').authToken).toBe('abc');
    const missing = (): string => {
      throw Object.assign(new Error('x'), { code: 'ENOENT' });
    };
    expect(() => connectionOf({}, variables, missing)).toThrow(
      'AUTH_TOKEN_FILE names a file that cannot be read (ENOENT)',
    );
  });
});

describe('a hidden prompt', () => {
  it('shows the question and nothing of what is typed', async () => {
    const raw: boolean[] = [];
    const stdin = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode: (on: boolean) => raw.push(on),
    });
    const stderr = new PassThrough();
    const asked = new Terminal(world({ stdin, stderr })).ask('PIN: ', { hidden: true });
    stdin.write('47x\u007f');
    stdin.write('11\r');
    expect(await asked).toBe('4711');
    expect(raw).toEqual([true, false]);
    expect(String(stderr.read())).toBe('PIN: \n');
  });

  it('ends with Ctrl-C', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
    const asked = new Terminal(world({ stdin })).ask('PIN: ', { hidden: true });
    stdin.write('4\u0003');
    await expect(asked).rejects.toThrow('interrupted');
  });
});

describe('completion', () => {
  it('offers commands, then those below, then options', () => {
    const script = completionScript(programIn(world()), 'bash');
    const offered = (words: readonly string[]): string[] => {
      const list = words.map((word) => `'${word}'`).join(' ');
      const code = `${script}\nCOMP_WORDS=(${list})\nCOMP_CWORD=$((\${#COMP_WORDS[@]} - 1))\n_maskline\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['-c', code], { encoding: 'utf8' }).trim().split('\n');
    };
    expect(offered(['maskline', 'se'])).toEqual(['sessions']);
    expect(offered(['maskline', 'sessions', 'e'])).toEqual(['extend', 'end']);
    expect(offered(['maskline', 'sessions', 'list', '--status', 'active', '--al'])).toEqual(['--all']);
    expect(offered(['maskline', 'doctor', '--j'])).toEqual(['--json']);
  });
});
