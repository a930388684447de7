import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { ResolveHost } from '../../../src/outbound/address-guard.js';
import { PromptError } from '../../../src/prompts/errors.js';
import { PromptLibrary, type PromptLibraryOptions } from '../../../src/prompts/prompt-library.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { mp3, wave } from './audio-samples.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let dir: string;
let server: Server;
let base: string;
let answer: Answer;
let requests: string[];
let lines: string[];
let instant: number;
const opened: PromptLibrary[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'prompts-'));
  answer = sends(wave());
  requests = [];
  lines = [];
  instant = 1_795_000_000_000;
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((library) => library.close()));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true });
});

function open(options: Partial<PromptLibraryOptions> = {}): PromptLibrary {
  const library = new PromptLibrary({
    dir,
    allowAddresses: ['127.0.0.0/8'],
    logger: createLogger({ level: 'debug', destination: { write: (line) => void lines.push(line) } }),
    now: () => instant,
    ...options,
  });
  opened.push(library);
  return library;
}

function sends(bytes: Buffer, headers: Record<string, string> = {}, status = 200): Answer {
  return (_request, response) => {
    response.writeHead(status, headers);
    response.end(bytes);
  };
}

async function failure(work: Promise<unknown>): Promise<PromptError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PromptError) return error;
  throw new Error('the prompt was accepted', { cause: error });
}

/** Waits for a condition that a promise nobody hands out will bring about. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a prompt that can be had', () => {
  it.each([
    ['wav', wave()],
    ['mp3', mp3()],
  ])('is stored by the hash of its content, as %s', async (format, bytes) => {
    answer = sends(bytes, { 'content-type': 'text/html' });
    const library = open();
    const url = `${base}/prompt?token=s3cret`;
    expect(library.fileFor(url)).toBeNull();
    const path = await library.ensure(url);
    expect(path).toBe(join(dir, `${createHash('sha256').update(bytes).digest('hex')}.${format}`));
    expect(path).toMatch(/^[A-Za-z0-9_/.-]+$/);
    expect(library.fileFor(url)).toBe(path);
    expect(await readFile(path)).toEqual(bytes);
  });

  it.each([301, 302, 303, 307, 308])(
    'is found behind a redirect with status %i, credentials and all',
    async (status) => {
      const seen: (string | undefined)[] = [];
      answer = (request, response) => {
        seen.push(request.headers.authorization);
        const sent =
          request.url === '/a' ? sends(Buffer.alloc(0), { location: '/b' }, status) : sends(wave());
        sent(request, response);
      };
      const withUser = base.replace('//', '//user:pass@');
      expect(await open().ensure(`${withUser}/a`)).toMatch(/\.wav$/);
      expect(requests).toEqual(['/a', '/b']);
      expect(seen).toEqual(Array(2).fill(`Basic ${Buffer.from('user:pass').toString('base64')}`));
    },
  );

  it('is found at another host, which gets no credentials of the first', async () => {
    const seen: (string | undefined)[] = [];
    answer = (request, response) => {
      seen.push(request.headers.authorization);
      const elsewhere = base.replace('127.0.0.1', '127.0.0.2');
      const sent =
        request.url === '/a' ? sends(Buffer.alloc(0), { location: `${elsewhere}/b` }, 302) : sends(wave());
      sent(request, response);
    };
    server.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.listen(Number(new URL(base).port), '0.0.0.0', resolve));
    await open().ensure(`${base.replace('//', '//user:pass@')}/a`);
    expect(seen).toEqual([expect.stringMatching(/^Basic /), undefined]);
  });

  it('is kept by a restart, and found by another controller on the same folder', async () => {
    const path = await open().ensure(`${base}/a`);
    expect(open().fileFor(`${base}/a`)).toBe(path);
    expect(requests).toHaveLength(1);
  });

  it('leaves no URL and no draft on disk, and no URL in the log', async () => {
    await open().ensure(`${base}/secret-path?token=s3cret`);
    const names = await readdir(dir, { recursive: true });
    expect(names).toHaveLength(3);
    const texts = await Promise.all(
      names.filter((name) => name !== 'urls').map((name) => readFile(join(dir, name), 'latin1')),
    );
    expect(`${names.join()}${texts.join()}${lines.join('')}`).not.toMatch(/s(ecret|3cret)/);
  });

  it('is fetched once for many at the same time, and not again while it is fresh', async () => {
    const library = open({ refreshAfterMs: 1_000 });
    const paths = await Promise.all(Array.from({ length: 20 }, () => library.ensure(`${base}/a`)));
    expect(new Set(paths).size).toBe(1);
    instant += 999;
    await library.ensure(`${base}/a`);
    expect(requests).toHaveLength(1);
  });

  it('is fetched again later, and its change is seen', async () => {
    const library = open({ refreshAfterMs: 1_000 });
    const before = await library.ensure(`${base}/a`);
    answer = sends(mp3());
    instant += 1_000;
    const after = await library.ensure(`${base}/a`);
    expect(after).not.toBe(before);
    expect(library.fileFor(`${base}/a`)).toBe(after);
  });

  it('stays in use when it cannot be fetched again', async () => {
    const library = open({ refreshAfterMs: 1_000 });
    const path = await library.ensure(`${base}/a`);
    answer = sends(Buffer.from('gone'), {}, 404);
    instant += 1_000;
    expect(await library.ensure(`${base}/a`)).toBe(path);
    expect(library.fileFor(`${base}/a`)).toBe(path);
    expect(lines.join('')).toContain('"keptOld":true');
  });

  it('is not there when its file was removed or emptied, and comes back', async () => {
    const library = open();
    const path = await library.ensure(`${base}/a`);
    await writeFile(path, '');
    expect(library.fileFor(`${base}/a`)).toBeNull();
    await until(() => library.fileFor(`${base}/a`) === path);
    await rm(path);
    expect(library.fileFor(`${base}/a`)).toBeNull();
    expect(await library.ensure(`${base}/a`)).toBe(path);
  });

  it('is begun to be fetched when a caller missed it', async () => {
    const library = open();
    expect(library.fileFor(`${base}/a`)).toBeNull();
    await until(() => library.fileFor(`${base}/a`) !== null);
    expect(requests).toHaveLength(1);
  });

  it('gets the credentials in its URL as Basic ones', async () => {
    let authorization: string | undefined;
    answer = (request, response) => {
      authorization = request.headers.authorization;
      response.end(wave());
    };
    await open().ensure(`${base.replace('//', '//us%40er:pa%3Ass@')}/a`);
    expect(authorization).toBe(`Basic ${Buffer.from('us@er:pa:ss').toString('base64')}`);
  });

  it('may be exactly as large as the limit', async () => {
    const bytes = wave({ samples: 10_000 });
    answer = sends(bytes);
    expect(await open({ maxBytes: bytes.length }).ensure(`${base}/a`)).toMatch(/\.wav$/);
  });
});

describe('a prompt that may have changed', () => {
  /** Answers 304 to whoever has what is there. */
  const versioned =
    (name: string, value: () => string, bytes: () => Buffer): Answer =>
    (request, response) => {
      const asked = request.headers[name === 'etag' ? 'if-none-match' : 'if-modified-since'];
      asks.push(asked ?? '');
      const same = asked === value();
      response.writeHead(same ? 304 : 200, { [name]: value() });
      response.end(same ? undefined : bytes());
    };
  let asks: string[];
  beforeEach(() => {
    asks = [];
  });

  it.each([
    ['etag', '"one"'],
    ['last-modified', 'Sun, 01 Nov 2026 00:00:00 GMT'],
  ])('is asked for by its %s, and kept when it is the same', async (name, value) => {
    answer = versioned(
      name,
      () => value,
      () => wave(),
    );
    const library = open({ refreshAfterMs: 1_000 });
    const path = await library.ensure(`${base}/a`);
    for (let round = 0; round < 2; round += 1) {
      instant += 1_000;
      expect(await library.ensure(`${base}/a`)).toBe(path);
      // Fresh again: it is not asked for.
      expect(await library.ensure(`${base}/a`)).toBe(path);
    }
    expect(asks).toEqual(['', value, value]);
  });

  it('is replaced when it is another, also by a controller that did not fetch it', async () => {
    let version = 1;
    answer = versioned(
      'etag',
      () => `"${version}"`,
      () => wave({ samples: 320 * version }),
    );
    const before = await open({ refreshAfterMs: 1_000 }).ensure(`${base}/a`);
    version = 2;
    instant += 1_000;
    const after = await open({ refreshAfterMs: 1_000 }).ensure(`${base}/a`);
    expect(after).not.toBe(before);
    expect(asks).toEqual(['', '"1"']);
    expect(await readFile(before)).toEqual(wave());
  });

  it('is fetched whole when its audio was lost or damaged, whatever the server remembers', async () => {
    answer = versioned(
      'etag',
      () => '"one"',
      () => wave(),
    );
    const library = open();
    const path = await library.ensure(`${base}/a`);
    await writeFile(path, wave().subarray(0, 100));
    expect(library.fileFor(`${base}/a`)).toBeNull();
    expect(await library.ensure(`${base}/a`)).toBe(path);
    expect(await readFile(path)).toEqual(wave());
    expect(asks).toEqual(['', '']);
  });

  it.each([
    ['max-age=120', 120],
    ['public, max-age=120', 120],
    ['max-age=1', 60],
    ['no-store', 60],
    ['no-cache, max-age=4000', 60],
    ['max-age=99999999', 7_200],
    ['private', 3_600],
  ])('with Cache-Control %s is fresh for %d seconds', async (control, seconds) => {
    answer = sends(wave(), { 'cache-control': control });
    const library = open({ refreshMinMs: 60_000, refreshMaxMs: 7_200_000 });
    await library.ensure(`${base}/a`);
    instant += seconds * 1_000 - 1;
    await library.ensure(`${base}/a`);
    expect(requests).toHaveLength(1);
    instant += 1;
    await library.ensure(`${base}/a`);
    expect(requests).toHaveLength(2);
  });

  it('counts the time that it spent in a cache on the way', async () => {
    answer = sends(wave(), { 'cache-control': 'max-age=120', age: '50' });
    const library = open();
    await library.ensure(`${base}/a`);
    instant += 70_000;
    await library.ensure(`${base}/a`);
    expect(requests).toHaveLength(2);
  });

  it('is kept when what came instead is no audio', async () => {
    const library = open({ refreshAfterMs: 1_000 });
    const path = await library.ensure(`${base}/a`);
    answer = sends(wave().subarray(0, 200));
    instant += 1_000;
    expect(await library.ensure(`${base}/a`)).toBe(path);
    expect(lines.join('')).toContain('cut short');
  });
});

describe('the folder', () => {
  const DAY = 24 * 3_600_000;
  const files = async (): Promise<string[]> =>
    (await readdir(dir, { recursive: true })).filter((name) => name !== 'urls').sort();
  const wrote = async (age: number): Promise<void> => {
    const then = (instant - age) / 1_000;
    for (const name of await files()) await utimes(join(dir, name), then, then);
  };

  it('loses what no session needs, a day after it was written, and the audio with it', async () => {
    const library = open();
    await library.ensure(`${base}/a`);
    answer = sends(mp3());
    const needed = await library.ensure(`${base}/b`);
    await wrote(DAY + 1_000);
    expect(await library.sweep([`${base}/b`])).toBe(2);
    expect(library.fileFor(`${base}/b`)).toBe(needed);
    expect(await files()).toHaveLength(2);
  });

  it('keeps audio that another URL gave too, what is new, and what is not ours', async () => {
    const library = open();
    const shared = await library.ensure(`${base}/a`);
    expect(await library.ensure(`${base}/b`)).toBe(shared);
    await writeFile(join(dir, 'README.txt'), 'not a prompt');
    await wrote(DAY + 1_000);
    answer = sends(mp3());
    const fresh = await library.ensure(`${base}/c`);
    // The clock of the test is not that of the disk.
    for (const name of await files()) {
      if (fresh.endsWith(name)) await utimes(join(dir, name), instant / 1_000, instant / 1_000);
    }
    expect(await library.sweep([`${base}/b`])).toBe(1);
    expect(library.fileFor(`${base}/b`)).toBe(shared);
    expect(library.fileFor(`${base}/c`)).toBe(fresh);
    expect(await files()).toContain('README.txt');
  });

  it('loses drafts that a controller left when it died', async () => {
    const library = open();
    const path = await library.ensure(`${base}/a`);
    await writeFile(`${path}.draft`, 'half');
    await writeFile(join(dir, 'urls', 'x.draft'), 'half');
    await wrote(3_600_000 + 1_000);
    expect(await library.sweep([`${base}/a`])).toBe(2);
    expect(library.fileFor(`${base}/a`)).toBe(path);
  });

  it('takes no more than its bound, says so, and takes more once it was swept', async () => {
    const library = open({ maxFolderBytes: 20_000, retryAfterMs: 0 });
    answer = sends(wave({ samples: 10_000 }));
    await library.ensure(`${base}/a`);
    answer = sends(wave({ samples: 12_000 }));
    expect((await failure(library.ensure(`${base}/b`))).code).toBe('ERR_PROMPT_FOLDER_FULL');
    expect(lines.join('')).toContain('ERR_PROMPT_FOLDER_FULL');
    await wrote(DAY + 1_000);
    await library.sweep([]);
    expect(await library.ensure(`${base}/b`)).toMatch(/\.wav$/);
  });

  it('is shared by controllers that fetch and sweep at once, without damage', async () => {
    const libraries = [open(), open(), open()];
    const urls = [1, 2, 3, 4, 5, 6].map((count) => `${base}/${count}`);
    answer = (request, response) =>
      response.end(wave({ samples: 320 * Number((request.url ?? '').slice(1)) }));
    const work = libraries.flatMap((library) => [
      ...urls.map((url) => library.ensure(url)),
      ...urls.map(() => library.sweep(urls)),
    ]);
    await Promise.all<unknown>(work);
    for (const [index, url] of urls.entries()) {
      for (const library of libraries) {
        expect(await readFile(library.fileFor(url) ?? '')).toEqual(wave({ samples: 320 * (index + 1) }));
      }
    }
    expect(await files()).toHaveLength(12);
  });
});

describe('a prompt that cannot be had', () => {
  it.each([
    ['status 404', sends(wave(), {}, 404), 'ERR_PROMPT_FETCH', /status 404/],
    ['status 500', sends(wave(), {}, 500), 'ERR_PROMPT_FETCH', /status 500/],
    ['status 206', sends(wave(), {}, 206), 'ERR_PROMPT_FETCH', /status 206/],
    ['compression', sends(wave(), { 'content-encoding': 'gzip' }), 'ERR_PROMPT_FETCH', /compressed/],
    [
      'HTML called audio',
      sends(Buffer.from('<html>'), { 'content-type': 'audio/wav' }),
      'ERR_PROMPT_NOT_AUDIO',
      /neither/,
    ],
    ['nothing', sends(Buffer.alloc(0)), 'ERR_PROMPT_NOT_AUDIO', /neither/],
    ['a length that is too large', sends(wave({ samples: 50_000 })), 'ERR_PROMPT_TOO_LARGE', /10000 bytes/],
    ['a broken connection', (request) => request.socket.destroy(), 'ERR_PROMPT_FETCH', /UND_ERR_SOCKET/],
  ] satisfies [string, Answer, string, RegExp][])('because of %s', async (_, given, code, message) => {
    answer = given;
    const library = open({ maxBytes: 10_000 });
    const error = await failure(library.ensure(`${base}/a?token=s3cret`));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(library.fileFor(`${base}/a?token=s3cret`)).toBeNull();
    expect(lines.join('')).toContain(code);
    expect(lines.join('')).not.toMatch(/s3cret|127\.0\.0\.1/);
  });

  it('because it grows past the limit without a length', async () => {
    let closed = false;
    answer = (_request, response) => {
      response.on('close', () => (closed = true));
      const more = (): void => {
        while (!closed && response.write(Buffer.alloc(1_000))) continue;
      };
      response.on('drain', more);
      more();
    };
    expect((await failure(open({ maxBytes: 10_000 }).ensure(`${base}/a`))).code).toBe('ERR_PROMPT_TOO_LARGE');
    await until(() => closed);
  });

  it.each<[string, Answer]>([
    ['never answers', () => undefined],
    [
      'drips one byte at a time',
      (_request, response) => {
        const timer = setInterval(() => response.write('R'), 20);
        response.on('close', () => clearInterval(timer));
      },
    ],
  ])('because the server %s', async (_, given) => {
    answer = given;
    const error = await failure(open({ fetchTimeoutMs: 200 }).ensure(`${base}/a`));
    expect(error.code).toBe('ERR_PROMPT_FETCH');
    expect(error.message).toBe('the prompt did not arrive in 200 ms');
  });

  it('because the name server never answers', async () => {
    const error = await failure(
      open({ fetchTimeoutMs: 200, resolve: () => undefined }).ensure('http://prompts.example/a'),
    );
    expect(error.message).toBe('the prompt did not arrive in 200 ms');
  });

  it('because it redirects for ever', async () => {
    answer = sends(Buffer.alloc(0), { location: '/b' }, 302);
    const { message } = await failure(open().ensure(`${base}/a`));
    expect(message).toBe('the prompt was redirected more than 3 times');
    expect(requests).toEqual(['/a', '/b', '/b', '/b']);
  });

  it.each([
    ['nowhere', undefined, 'ERR_PROMPT_FETCH'],
    ['something that is no URL', 'http://', 'ERR_PROMPT_FETCH'],
    ['a file', 'file:///etc/passwd', 'ERR_PROMPT_URL'],
    ['an address that is not allowed', 'http://10.0.0.1/a', 'ERR_PROMPT_ADDRESS'],
    ['a name that is not allowed', 'http://localhost.example/a', 'ERR_PROMPT_ADDRESS'],
  ])('because it redirects to %s', async (_where, location, code) => {
    answer = sends(Buffer.alloc(0), location === undefined ? {} : { location }, 301);
    const resolve: NonNullable<PromptLibraryOptions['resolve']> = (_host, found) => {
      found(null, [{ address: '169.254.169.254', family: 4 }]);
    };
    expect((await failure(open({ resolve }).ensure(`${base}/a`))).code).toBe(code);
    expect(requests).toEqual(['/a']);
  });

  it.each(['ftp://example.com/a', 'file:///etc/passwd', 'data:audio/wav;base64,AAAA', 'x', 'http://'])(
    'because its URL is %s',
    async (url) => {
      expect((await failure(open().ensure(url))).code).toBe('ERR_PROMPT_URL');
    },
  );

  it('is not tried again for a while', async () => {
    answer = sends(Buffer.alloc(0), {}, 503);
    const library = open({ retryAfterMs: 1_000 });
    const first = await failure(library.ensure(`${base}/a`));
    instant += 999;
    expect(await failure(library.ensure(`${base}/a`))).toBe(first);
    expect(requests).toHaveLength(1);
    answer = sends(wave());
    instant += 1;
    expect(await library.ensure(`${base}/a`)).toMatch(/\.wav$/);
  });

  it('is tried less and less often while it fails', async () => {
    answer = sends(Buffer.alloc(0), {}, 503);
    const library = open({ retryAfterMs: 1_000 });
    const triedAt: number[] = [];
    for (let second = 0; second < 20; second += 1) {
      const before = requests.length;
      await failure(library.ensure(`${base}/a`));
      if (requests.length > before) triedAt.push(second);
      instant += 1_000;
    }
    expect(triedAt).toEqual([0, 1, 3, 7, 15]);
  });

  it('because an unasked 304 brings nothing', async () => {
    answer = sends(Buffer.alloc(0), {}, 304);
    expect((await failure(open().ensure(`${base}/a`))).message).toMatch(/status 304/);
  });

  it('because it ends before its length', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write(wave().subarray(0, 100), () => response.destroy());
    };
    expect((await failure(open().ensure(`${base}/a`))).code).toBe('ERR_PROMPT_FETCH');
  });

  it('does not keep others waiting beyond the bounds', async () => {
    const held: ServerResponse[] = [];
    let most = 0;
    answer = (_request, response) => {
      held.push(response);
      most = Math.max(most, held.length);
    };
    const library = open({ concurrency: 2, maxWaiting: 3 });
    const accepted = [1, 2, 3, 4, 5].map((count) => library.ensure(`${base}/${count}`));
    await until(() => held.length === 2);
    expect((await failure(library.ensure(`${base}/6`))).code).toBe('ERR_PROMPT_BUSY');
    for (let done = 0; done < 5; done += 1) {
      await until(() => held.length > 0);
      held.shift()?.end(wave());
    }
    expect(await Promise.all(accepted)).toHaveLength(5);
    expect(most).toBe(2);
    expect(await library.ensure(`${base}/1`)).toMatch(/\.wav$/);
  });

  it('is logged when the folder cannot be written', async () => {
    await writeFile(join(dir, 'file'), '');
    const library = open({ dir: join(dir, 'file') });
    const url = `${base}/a`;
    expect(library.fileFor(url)).toBeNull();
    expect((await failure(library.ensure(url))).code).toBe('ERR_PROMPT_FOLDER');
    expect(lines.join('')).toContain('ERR_PROMPT_FOLDER');
  });
});

describe('addresses', () => {
  const port = (): string => new URL(base).port;
  const to =
    (...addresses: string[]): ResolveHost =>
    (_hostname, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );

  it.each([
    '127.0.0.1',
    '0x7f.1',
    '2130706433',
    '017700000001',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '[::]',
  ])('the literal %s is not connected to', async (host) => {
    const error = await failure(open({ allowAddresses: [] }).ensure(`http://${host}:${port()}/a`));
    expect(error.code).toBe('ERR_PROMPT_ADDRESS');
    expect(requests).toHaveLength(0);
  });

  it.each([['localhost'], ['prompts.example', '127.0.0.1'], ['prompts.example', '10.0.0.1', '::1']])(
    'the name %s is judged by its addresses',
    async (host, ...addresses) => {
      const resolve = addresses.length === 0 ? {} : { resolve: to(...addresses) };
      const library = open({ allowAddresses: [], ...resolve });
      expect((await failure(library.ensure(`http://${host}:${port()}/a`))).code).toBe('ERR_PROMPT_ADDRESS');
      expect(requests).toHaveLength(0);
    },
  );

  it('only the allowed addresses of a name are connected to', async () => {
    const library = open({ resolve: to('10.255.255.1', '127.0.0.1') });
    expect(await library.ensure(`http://prompts.example:${port()}/a`)).toMatch(/\.wav$/);
  });

  it('a name that changes its address is judged anew with every fetch', async () => {
    const answers = ['127.0.0.1', '127.0.0.2'];
    const library = open({
      allowAddresses: ['127.0.0.1'],
      refreshAfterMs: 1,
      retryAfterMs: 0,
      resolve: (hostname, callback) => to(answers.shift() ?? '')(hostname, callback),
    });
    const url = `http://prompts.example:${port()}/a`;
    const path = await library.ensure(url);
    instant += 10;
    expect(await library.ensure(url)).toBe(path);
    expect(requests).toHaveLength(1);
    expect(lines.join('')).toContain('ERR_PROMPT_ADDRESS');
  });
});

describe('the library', () => {
  it.each(['relative', '/tmp/a b', '/tmp/$x', "/tmp/'", '/tmp/{x}'])('refuses the folder %s', (folder) => {
    expect(() => open({ dir: folder })).toThrow(PromptError);
  });

  it('has nothing for an empty URL', () => {
    const library = open();
    library.prefetch('');
    expect(library.fileFor('')).toBeNull();
  });

  it('prefetch never throws', async () => {
    const library = open();
    library.prefetch('nonsense');
    await until(() => lines.some((line) => line.includes('ERR_PROMPT_URL')));
    expect(requests).toHaveLength(0);
  });

  it('ends fetches when it closes, waiting ones too, and fetches no more', async () => {
    answer = () => undefined;
    const library = open({ concurrency: 1 });
    const fetches = [1, 2].map((count) => failure(library.ensure(`${base}/${count}`)));
    await until(() => requests.length === 1);
    await library.close();
    for (const error of await Promise.all(fetches)) expect(error.code).toBe('ERR_PROMPT_CLOSED');
    expect((await failure(library.ensure(`${base}/3`))).code).toBe('ERR_PROMPT_CLOSED');
    expect(library.fileFor(`${base}/3`)).toBeNull();
    expect(requests).toHaveLength(1);
  });
});
