import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FastifyInstance } from 'fastify';
import type { AddressInfo } from 'node:net';

import { buildApi } from '../../../src/api/build-api.js';
import { summaryOf, type TraceStep } from '../../../src/calls/call-trace.js';
import type { CallTrace, FedStep } from '../../../src/store/index.js';
import { STRANGER } from '../../helpers/sessions.js';
import { BASE, credentials, DID, FakeDeps, NOW } from './fake-deps.js';

const CALL = '7f1e4b7e-55a5-4a2f-9f1d-6b1f5a0c9d11';
const SUB = { id: 'SAABCDEFGHIJKLMNOPQR', token: 'its-own-token' };

const STEPS: readonly TraceStep[] = [
  { step: 'received', at: NOW, caller: { kind: 'number', number: STRANGER } },
  {
    step: 'decided',
    at: NOW + 1,
    rule: 'pin',
    passed: [{ rule: 'known-caller', by: 'no-party' }],
    party: null,
  },
  { step: 'prompted', at: NOW + 1, keyed: 'pin', attempt: 1, afterWrong: false },
  { step: 'keyed', at: NOW + 6_000, keyed: 'pin', attempt: 1, result: 'wrong', party: null },
  { step: 'announced', at: NOW + 6_000, announcement: 'wrong-pin', cause: 'NORMAL_CLEARING' },
];

function aTrace(steps: readonly TraceStep[] = STEPS, accountId = ''): CallTrace {
  const [first] = steps;
  return {
    call: { id: CALL, node: 'node-1', number: DID, sessionId: null, accountId },
    caller: first?.step === 'received' ? first.caller : null,
    steps,
    summary: summaryOf(steps),
  };
}

let deps: FakeDeps;
let app: FastifyInstance;

beforeEach(() => {
  deps = new FakeDeps();
  app = buildApi(deps);
});
afterEach(async () => app.close());

const get = (path: string, base = BASE, headers = credentials()) =>
  app.inject({ url: `${base}${path}`, headers });

describe('Masking/Explain/Call/', () => {
  it('tells a past call step by step, and why', async () => {
    deps.tracesHeld.set(CALL, aTrace());
    const response = await get(`/Masking/Explain/Call/${CALL}/`);
    expect(response.statusCode).toBe(200);
    const { response: told } = response.json<{ response: Record<string, unknown> }>();
    expect(told).toMatchObject({
      ...{ call_uuid: CALL, virtual_number: DID.slice(1), from_number: STRANGER, direction: 'inbound' },
      ...{ outcome: 'announced', reason: 'wrong-pin', pin_attempts: 1, session_uuid: null, caller: null },
      explanation: 'The PIN is wrong and no attempt is left: the caller heard an announcement that says so.',
      started_at: '2026-11-23T01:02:03.456Z',
      rules: [
        { rule: 'known-caller', decided: false },
        { rule: 'pin', decided: true },
      ],
    });
    expect((told['steps'] as { text: string }[]).map(({ text }) => text)).toEqual([
      'A call comes in.',
      'A live session on the number asks for PINs.',
      'The caller is asked for a PIN (attempt 1).',
      'The PIN is wrong.',
      'The PIN is wrong and no attempt is left: the caller hears an announcement that says so.',
    ]);
  });

  it('takes from a leg’s record what nobody heard while it was up', async () => {
    const leg = { cause: 'NORMAL_CLEARING', sipStatus: 200, startedAt: NOW, ledTo: '' } as const;
    const b = { ...leg, uuid: 'b', leg: 'b', by: 'b', trunk: 'main', ringingAt: NOW + 900 } as const;
    deps.tracesHeld.set(
      CALL,
      aTrace([
        { step: 'ended', at: NOW + 9_000, ...b, answeredAt: NOW + 2_000, bridgedAt: NOW + 2_000 },
        {
          ...{ step: 'ended', at: NOW + 9_010, ...leg, uuid: CALL, leg: 'a', by: 'b', trunk: '' },
          ...{ ringingAt: null, answeredAt: NOW + 2_000, bridgedAt: NOW + 2_000 },
        },
      ]),
    );
    const { response } = (await get(`/Masking/Explain/Call/${CALL}/`)).json<{
      response: { steps: { step: string; leg: string | null; sip_status?: number }[]; talk_ms: number };
    }>();
    expect(response.talk_ms).toBe(7_010);
    expect(response.steps.map(({ step, leg }) => [step, leg])).toEqual([
      ['ringing', 'b'],
      ['answered', 'b'],
      ['answered', 'a'],
      ['joined', null],
      ['ended', 'b'],
      ['ended', 'a'],
    ]);
  });

  it('lists what is asked for', async () => {
    deps.tracesHeld.set(CALL, aTrace());
    const response = await get(
      `/Masking/Explain/Call/?from=%2B${STRANGER.slice(1)}&to=${DID.slice(1)}&outcome=announced&limit=5`,
    );
    expect(response.json()).toMatchObject({
      meta: { limit: 5, total_count: 1 },
      objects: [{ call_uuid: CALL }],
    });
    expect(deps.traceQueries).toEqual([
      {
        ...{ accountIds: null, number: DID, caller: STRANGER, outcome: 'announced', limit: 5, offset: 0 },
        started: { gte: NOW - 7 * 86_400_000, lt: NOW + 1 },
      },
    ]);
  });

  it('lists those that are not over', async () => {
    for (const status of ['live', 'ALL', '']) await get(`/Masking/Explain/Call/?status=${status}`);
    expect(deps.traceQueries.map(({ isLive }) => isLive)).toEqual([true, undefined, undefined]);
  });

  it.each(['outcome=perhaps', 'status=dead', 'from=12', 'limit=21', 'start_time=yesterday'])(
    'refuses %s',
    async (query) => {
      expect((await get(`/Masking/Explain/Call/?${query}`)).statusCode).toBe(400);
    },
  );

  it('knows no other calls', async () => {
    expect((await get(`/Masking/Explain/Call/${CALL}/`)).statusCode).toBe(404);
    expect((await get('/Masking/Explain/Call/nonsense/')).statusCode).toBe(404);
  });

  it('shows a subaccount its own calls only', async () => {
    deps.subaccounts.set(SUB.id, {
      account: { id: SUB.id, name: 'sub', enabled: true, createdAt: NOW, modifiedAt: NOW } as never,
      token: SUB.token,
    });
    const base = `/v1/Account/${SUB.id}`;
    const own = credentials(SUB.id, SUB.token);
    deps.tracesHeld.set(CALL, aTrace());
    expect((await get(`/Masking/Explain/Call/${CALL}/`, base, own)).statusCode).toBe(404);
    deps.tracesHeld.set(CALL, aTrace(STEPS, SUB.id));
    expect((await get(`/Masking/Explain/Call/${CALL}/`, base, own)).statusCode).toBe(200);
    await get('/Masking/Explain/Call/', base, own);
    expect(deps.traceQueries.at(-1)?.accountIds).toEqual([SUB.id]);
    expect((await get('/Masking/Explain/Call/Events/', base, own)).statusCode).toBe(403);
    expect((await get('/Masking/Statistics/', base, own)).statusCode).toBe(403);
  });
});

describe('Masking/Explain/Call/Events/', () => {
  const fed = (index: number): FedStep => ({
    id: `${index}-0`,
    call: { id: CALL, node: 'node-1', number: DID, sessionId: null, accountId: '' },
    step: { step: 'prompted', at: NOW, keyed: 'pin', attempt: index, afterWrong: false },
  });

  /** Text of the stream until it holds `enough`. */
  async function follow(enough: string, lastEventId?: string): Promise<string> {
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const stopping = new AbortController();
    const response = await fetch(`http://127.0.0.1:${port}${BASE}/Masking/Explain/Call/Events/`, {
      headers: { ...credentials(), ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) },
      signal: stopping.signal,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('cache-control')).toBe('no-store');
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      if (deps.fed.length < 3) deps.fed.push(fed(deps.fed.length + 1));
      if (text.includes(enough)) break;
    }
    stopping.abort();
    return text;
  }

  it('tells steps as they come', async () => {
    const text = await follow('"attempt":3');
    expect(text).toContain('id: 0-0\nevent: ready');
    expect(text).toContain(
      `id: 1-0\nevent: step\ndata: {"call_uuid":"${CALL}","virtual_number":"${DID.slice(1)}"`,
    );
  });

  it('goes on after the last event', async () => {
    deps.fed.push(fed(1), fed(2), fed(3));
    const text = await follow('"attempt":3', '1-0');
    expect(text).not.toContain('"attempt":1');
    expect(text).toContain('"attempt":2');
  });

  it('says when what came since is not kept any more', async () => {
    deps.fed.push(fed(1), fed(2));
    deps.feedBegins = 3;
    expect(await follow('event: reset', '1-0')).not.toContain('"attempt":2');
  });

  it('ends with the server', async () => {
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${BASE}/Masking/Explain/Call/Events/`, {
      headers: credentials(),
    });
    await app.close();
    await expect(response.text()).resolves.toContain('event: ready');
  });
});

describe('Masking/Statistics/', () => {
  it('tells the last day by default, in spans of five minutes', async () => {
    deps.counts = {
      ...{ connected: 3, unanswered: 1, unconnected: { 'wrong-pin': 2 }, causes: { USER_BUSY: 1 } },
      ...{
        talkSeconds: 90,
        created: 0,
        exhausted: 0,
        delays: deps.counts.delays.map((_, index) => (index === 6 ? 4 : 0)),
      },
    };
    const response = await get('/Masking/Statistics/');
    expect(response.json()).toMatchObject({
      step: 300,
      objects: [
        {
          ...{ calls: 6, connected: 3, unanswered: 1, unconnected: 2, talk_seconds: 90, answer_rate: 0.75 },
          post_dial_delay: { p50_ms: 1_250, count: 4 },
          failures: { USER_BUSY: 1, 'wrong-pin': 2 },
        },
      ],
    });
    const [start = 0, end = 0, step = 0] = deps.statisticsAsked[0] ?? [];
    expect(step).toBe(300_000);
    expect(start % step).toBe(0);
    expect(end).toBeGreaterThan(NOW);
    expect(end - start).toBeGreaterThanOrEqual(86_400_000);
  });

  it.each([
    'step=59',
    'step=90',
    'start=2026-11-23&end=2026-11-22',
    'start=2026-11-01&step=60',
    'start=2026-01-01',
  ])('refuses %s', async (query) => {
    expect((await get(`/Masking/Statistics/?${query}`)).statusCode).toBe(400);
  });
});
