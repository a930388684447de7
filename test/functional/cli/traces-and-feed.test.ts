import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';

import { cli, startCli } from '../../helpers/cli.js';
import { answerJson, StubApi } from './stub-api.js';

const CALL = '0b6e4a1c-6a3f-4a53-9d0e-1d2f3a4b5c6d';
const OTHER = '7c1d2e3f-6a3f-4a53-9d0e-1d2f3a4b5c6d';
const CALLER = '447700900181';

const SUMMARY = {
  ...{ call_uuid: CALL, virtual_number: '15550009999', node: 'node-1', direction: 'inbound' },
  ...{
    started_at: '2026-11-29T08:00:00.000Z',
    ended_at: '2026-11-29T08:00:04.250Z',
    from_number: `+${CALLER}`,
  },
  ...{ session_uuid: OTHER, caller: 'first_party', stage: 'ended', outcome: 'refused', reason: 'busy' },
  explanation: 'The call is refused: the session is in a call already.',
  ...{ post_dial_delay_ms: null, talk_ms: null, pin_attempts: 0, ended_by: 'system' },
};

const STEPS = [
  { at: '2026-11-29T08:00:00.000Z', step: 'received', leg: 'a', text: 'A call came in.' },
  {
    at: '2026-11-29T08:00:00.012Z',
    step: 'decided',
    leg: null,
    text: 'It is refused.',
    rule: 'known-caller',
  },
  {
    ...{ at: '2026-11-29T08:00:04.250Z', step: 'ended', leg: 'a' },
    ...{ text: 'The leg ended.\u001b[31m', cause: 'USER_BUSY', sip_status: 486 },
  },
];

const RULES = [{ rule: 'known-caller', decided: true, explanation: 'The caller is a party.' }];

let stub: StubApi | undefined;

afterEach(() => stub?.close());

function step(id: number, more: object = {}): string {
  const data = {
    call_uuid: CALL,
    virtual_number: '15550009999',
    session_uuid: OTHER,
    node: 'node-1',
    ...STEPS[0],
    ...more,
  };
  return `id: ${id}\nevent: step\ndata: ${JSON.stringify(data)}\n\n`;
}

function beginStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(': alive\n\n');
}

describe('traces', () => {
  it('why: the sentence first, then every step with its time, and no number or escape sequence', async () => {
    stub = await StubApi.start((path, _, response) => {
      if (path === `Masking/Explain/Call/${CALL}/`)
        answerJson(response, {
          response: { ...SUMMARY, post_dial_delay_ms: 1_234, steps: STEPS, rules: RULES },
        });
      else answerJson(response, { error: 'not found' }, 404);
    });
    const { environment } = stub;
    const told = await cli(['calls', 'why', CALL], { environment });
    const lines = told.stdout.split('\n');
    expect(lines[0]).toBe('The call is refused: the session is in a call already.');
    expect(told.stdout).toContain('outcome     refused (busy)');
    expect(told.stdout).toContain('rang after  1.234 s');
    expect(told.stdout).toContain('    +0.012 s  -  decided    It is refused. (rule known-caller)');
    expect(told.stdout).toContain('(cause USER_BUSY, SIP 486)');
    expect(told.stdout).toContain('decided by  known-caller: The caller is a party.');
    expect(told.stdout).not.toContain('\u001b');
    expect(told.stdout).not.toContain(CALLER);
    const raw = await cli(['calls', 'why', CALL, '--json'], { environment });
    expect(JSON.parse(raw.stdout)).toMatchObject({ from_number: `+${CALLER}`, steps: STEPS });
    expect((await cli(['calls', 'why', OTHER], { environment })).code).toBe(3);
  });

  it('a list of them, with the filters of the API', async () => {
    stub = await StubApi.start((_, __, response) =>
      answerJson(response, {
        meta: { limit: 20, offset: 0, total_count: 1, next: null, previous: null },
        objects: [SUMMARY],
      }),
    );
    const { environment } = stub;
    const told = await cli(['calls', 'traces', '--outcome', 'refused', '--to', '+15550009999'], {
      environment,
    });
    expect(told.stdout).toMatch(/refused +busy/);
    expect(told.stdout).not.toContain(CALLER);
    expect(stub.requests[0]?.url).toContain('?to=%2B15550009999&outcome=refused&limit=20&offset=0');
    await cli(['calls', 'traces', '--live'], { environment });
    expect(stub.requests[1]?.url).toContain('?status=live&limit=20&offset=0');
  });

  it('statistics', async () => {
    const row = {
      at: '2026-11-29T08:00:00Z',
      calls: 4,
      connected: 3,
      unanswered: 1,
      unconnected: 0,
      talk_seconds: 125,
      answer_rate: 0.75,
    };
    stub = await StubApi.start((_, __, response) =>
      answerJson(response, {
        step: 3600,
        objects: [
          { ...row, post_dial_delay: { p50_ms: 1200, p95_ms: 2400, count: 4 }, failures: { USER_BUSY: 1 } },
        ],
      }),
    );
    const told = await cli(['stats', '--step', '3600'], { environment: stub.environment });
    expect(told.stdout).toMatch(
      /^2026-11-29 08:00 +4 +3 +1 +75\.0 % +1\.20 s +2\.40 s +2m 05s +USER_BUSY 1$/m,
    );
  });
});

describe('tail', { timeout: 60_000 }, () => {
  it('goes on after the last step that it saw when the connection is lost', async () => {
    let connections = 0;
    stub = await StubApi.start((_, request, response) => {
      connections += 1;
      beginStream(response);
      if (connections === 1) {
        response.write(step(1) + step(2, { call_uuid: OTHER }), () =>
          setTimeout(() => response.destroy(), 50),
        );
      } else {
        response.write(step(3, { step: 'ended', text: `after ${String(request.headers['last-event-id'])}` }));
      }
    });
    const told = await cli(['tail', '--count', '3', '--json'], { environment: stub.environment });
    const steps = told.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { text: string });
    expect(steps).toHaveLength(3);
    expect(steps[2]?.text).toBe('after 2');
    expect(told.stderr).toContain('connecting again in 1 s');
    expect(told.code).toBe(0);
  });

  it('a line a step for people, only of what is asked for, and says when something was missed', async () => {
    stub = await StubApi.start((_, __, response) => {
      beginStream(response);
      response.write('event: reset\ndata: {}\n\n' + step(1, { virtual_number: '15550001111' }) + step(2));
    });
    const told = await cli(['tail', '--to', '+15550009999', '--count', '1'], {
      environment: stub.environment,
    });
    expect(told.stdout).toBe('08:00:00.000  15550009999      0b6e4a1c  A  received   A call came in.\n');
    expect(told.stderr).toContain('what happened meanwhile is not kept any more');
  });

  it('ends at once where the credentials are refused, and with 130 on Ctrl-C', async () => {
    stub = await StubApi.start((_, request, response) => {
      if (request.headers.authorization?.startsWith('Basic ') !== true) throw new Error('no credentials');
      answerJson(response, { error: 'Authentication failed.' }, 401);
    });
    expect((await cli(['tail'], { environment: stub.environment })).code).toBe(4);
    stub.close();
    stub = await StubApi.start((_, __, response) => {
      beginStream(response);
      response.write(step(1));
    });
    const { child, ended } = startCli(['tail'], { environment: stub.environment });
    await new Promise<void>((resolve) => child.stdout?.once('data', () => resolve()));
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    expect(stdout).toContain('A call came in.');
  });
});

describe('recordings download', () => {
  const AUDIO = Buffer.from('RIFF-not-really'.repeat(1_000));

  it('stores the audio under its name, for its owner only, and replaces nothing unasked', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'maskline-cli-'));
    stub = await StubApi.start((path, _, response) => {
      if (path === `Recording/${CALL}/`)
        answerJson(response, { recording_format: 'wav', state: 'completed' });
      else response.writeHead(200, { 'content-length': AUDIO.length }).end(AUDIO);
    });
    const { environment } = stub;
    const file = join(folder, `${CALL}.wav`);
    const stored = await cli(['recordings', 'download', CALL], { environment, folder });
    expect(stored.stdout).toBe(`stored  ${file}  14.6 KiB\n`);
    expect(await readFile(file)).toEqual(AUDIO);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const again = await cli(['recordings', 'download', CALL], { environment, folder });
    expect([again.code, again.stdout]).toEqual([2, '']);
    expect((await cli(['recordings', 'download', CALL, '--force'], { environment, folder })).code).toBe(0);
    const piped = await cli(['recordings', 'download', CALL, '--output', '-'], { environment, folder });
    expect(piped.stdout).toBe(AUDIO.toString());
    await rm(folder, { recursive: true });
  });

  it('leaves nothing behind when it breaks off', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'maskline-cli-'));
    stub = await StubApi.start((path, _, response) => {
      if (path === `Recording/${CALL}/`)
        answerJson(response, { recording_format: 'wav', state: 'completed' });
      else {
        response.writeHead(200, { 'content-length': AUDIO.length }).write(AUDIO.subarray(0, 5_000));
        void sleep(100).then(() => response.destroy());
      }
    });
    const broken = await cli(['recordings', 'download', CALL], { environment: stub.environment, folder });
    expect(broken.code).toBe(1);
    expect(broken.stderr).toContain('the audio could not be stored');
    await expect(stat(join(folder, `${CALL}.wav`))).rejects.toThrow('ENOENT');
    await expect(stat(join(folder, `${CALL}.wav.part`))).rejects.toThrow('ENOENT');
    await rm(folder, { recursive: true });
  });
});
