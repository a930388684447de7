import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { Interaction } from '../../src/masking/interaction.js';
import { OtlpReceiver, type SpanSeen } from '../helpers/otlp-receiver.js';
import { Receiver } from '../helpers/receiver.js';
import { SimBed } from '../helpers/sim-bed.js';
import { AUTH_ID } from '../helpers/stack.js';
import type { Lane } from '../scenarios/bed.js';
import { PIN, pinSession } from '../scenarios/scenario.js';
import { eventually } from './callbacks/fixture.js';

/** At its end a process notes what it has loaded of the SDK. Its API, which does nothing by itself, is prom-client's as well. */
const PROBE = `process.on('exit', () => {
  const loaded = Object.keys(require.cache).filter((file) => /@opentelemetry.(sdk|otlp|exporter|resources)/.test(file));
  require('fs').writeFileSync(__filename + '.' + process.pid, String(loaded.length));
});`;

let bed: SimBed;
let collector: OtlpReceiver;
let receiver: Receiver;
let probe: string;
const lanes: Lane[] = [];

beforeAll(async () => {
  [collector, receiver] = await Promise.all([OtlpReceiver.start(), Receiver.start()]);
  bed = await SimBed.start({
    controllers: 2,
    environment: {
      CALLBACK_ALLOW_ADDRESSES: '127.0.0.0/8',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=maskline',
      OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      OTEL_BSP_SCHEDULE_DELAY: '200',
    },
  });
}, 90_000);
afterAll(async () => {
  await bed.close();
  await Promise.all([collector.close(), receiver.close()]);
});

async function newLane(): Promise<Lane> {
  const lane = await bed.lane();
  lanes.push(lane);
  return lane;
}

const traceOf = (call: string): string => call.replaceAll('-', '');
const spansOf = (call: string): SpanSeen[] =>
  collector.spans.filter(({ traceId }) => traceId === traceOf(call));
const named = (spans: readonly SpanSeen[], name: string): SpanSeen[] =>
  spans.filter((span) => span.name === name);

function expectLeg(spans: readonly SpanSeen[], root: SpanSeen, { legs }: Interaction, role: 'a' | 'b'): void {
  const record = legs.find((leg) => leg.role === role)!;
  const [span, ...others] = named(spans, `leg ${role}`);
  expect(others).toEqual([]);
  expect(span).toMatchObject({ parent: root.id, start: record.startedAt, end: record.endedAt });
  const moments = { ringing: record.ringingAt, answered: record.answeredAt, joined: record.bridgedAt };
  const known = Object.entries(moments).filter(([, at]) => at !== null);
  expect(span!.events).toEqual(known.map(([name, at]) => ({ name, at })));
  expect(span!.attributes).toMatchObject({ 'maskline.leg': record.uuid, 'maskline.leg.role': role });
}

it('a call with a PIN is one trace, whichever controllers its spans come from', async () => {
  const lane = await newLane();
  const session = await lane.session(pinSession(lane, { callback_url: receiver.url() }));
  await lane.callee(lane.second, { kind: 'answer', afterMs: 200, talkMs: 800 });
  const keyed = [{ wait: 1_500 }, { press: '0000' }, { wait: 1_500 }, { press: PIN }, { wait: 8_000 }];
  await lane.call({ from: lane.stranger, steps: keyed });
  const [interaction] = await lane.interactions(session.id, 1);
  const { id } = interaction!;
  const told = (): SpanSeen[] => named(spansOf(id), 'callback');
  await eventually(() =>
    told().some(({ attributes }) => attributes['maskline.callback.event'] === 'SessionPartiesHangup'),
  );
  const count = (name: string): number => named(spansOf(id), name).length;
  // Each controller sends its own when it is its time.
  await eventually(
    () => count('call') + count('leg a') + count('leg b') === 3 && count('question digits') === 2,
  );

  const spans = spansOf(id);
  const [root, ...roots] = spans.filter(({ parent }) => parent === '');
  expect(roots).toEqual([]);
  const a = interaction!.legs.find(({ role }) => role === 'a')!;
  expect(root).toMatchObject({ name: 'call', start: a.startedAt, end: a.endedAt });
  expect(root!.attributes).toEqual({
    'maskline.call': id,
    'maskline.session': session.id,
    'maskline.node': 'node-under-test',
    'maskline.outcome': 'connected',
    'maskline.cause': 'NORMAL_CLEARING',
    'maskline.ended_by': 'b',
  });
  for (const role of ['a', 'b'] as const) expectLeg(spans, root!, interaction!, role);
  expect(named(spans, 'leg b')[0]!.attributes).toMatchObject({ 'maskline.trunk': lane.trunk });

  const questions = spans.filter(({ name }) => name.startsWith('question '));
  questions.sort((one, other) => one.start - other.start);
  expect(
    questions.map(({ name, parent, attributes: told }) => [name, parent, told['maskline.question.next']]),
  ).toEqual([
    ['question inbound', root!.id, 'prompt'],
    ['question digits', root!.id, 'prompt'],
    ['question digits', root!.id, 'connect'],
  ]);
  for (const question of questions) {
    expect(question.attributes['maskline.question.outcome']).toBe('answered');
    // The two clocks are one here: a question is asked and answered while the call is there.
    expect(question.start).toBeGreaterThan(root!.start - 50);
    expect(question.end).toBeLessThan(root!.end);
    const scripts = spans.filter(({ parent }) => parent === question.id);
    expect(scripts.map(({ name }) => name)).toContain('redis route');
    for (const { start, end } of scripts) {
      expect(start).toBeGreaterThanOrEqual(question.start - 5);
      expect(end).toBeLessThanOrEqual(question.end + 5);
    }
  }
  const checked = spans.filter(({ name }) => name === 'redis check-pin').map(({ parent }) => parent);
  expect(new Set(checked)).toEqual(new Set(questions.slice(1).map(({ id: question }) => question)));
  for (const { parent, attributes } of told()) {
    expect(parent).toBe(root!.id);
    expect(attributes).toMatchObject({
      'maskline.callback.result': 'delivered',
      'http.response.status_code': 200,
    });
  }
  // Its parent is there for every span, and comes from whichever controller.
  const ids = new Set(spans.map((span) => span.id));
  expect(spans.filter(({ parent }) => parent !== '' && !ids.has(parent))).toEqual([]);
  expect(ids.size).toBe(spans.length);
}, 60_000);

it('a call that is refused has a root of its own, once', async () => {
  const lane = await newLane();
  await lane.call({ from: lane.first, to: '+15559990000' });
  const { call_uuid: id } = await lane.past({ from: lane.first }, 1);
  const call = String(id);
  await eventually(
    () => named(spansOf(call), 'call').length > 0 && named(spansOf(call), 'question inbound').length > 0,
  );
  const [root] = named(spansOf(call), 'call');
  expect(named(spansOf(call), 'call')).toHaveLength(1);
  expect(root!.attributes).toMatchObject({ 'maskline.call': call, 'maskline.outcome': 'refused' });
  expect(named(spansOf(call), 'question inbound')).toMatchObject([{ parent: root!.id }]);
}, 60_000);

it('a request to the API is a span by its pattern, and goes on with the trace of its client', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const path = `/v1/Account/${AUTH_ID}/Masking/Session/15550001001/`;
  const authorization = `Basic ${Buffer.from(`${AUTH_ID}:${bed.stack.authToken}`).toString('base64')}`;
  const headers = { traceparent, authorization };
  expect((await fetch(bed.stack.controllers[0]!.url + path, { headers })).status).toBe(404);
  const name = 'GET /v1/Account/:authId/Masking/Session/:sessionId';
  const mine = (): SpanSeen | undefined =>
    collector.spans.find(({ parent }) => parent === 'b7ad6b7169203331');
  await eventually(() => mine() !== undefined);
  expect(mine()).toMatchObject({ name, traceId: '0af7651916cd43dd8448eb211c80319c', isFailure: false });
  expect(mine()!.attributes).toEqual({
    'http.request.method': 'GET',
    'http.route': name.slice(4),
    'http.response.status_code': 404,
  });
  expect(collector.spans.filter((span) => /healthz|readyz|metrics/.test(span.name))).toEqual([]);
});

it('who has no credentials decides nothing of our traces', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203332-01';
  const path = `/v1/Account/${'M'.repeat(20)}/Masking/Session/15550001001/`;
  expect((await fetch(bed.stack.controllers[0]!.url + path, { headers: { traceparent } })).status).toBe(401);
  const refused = (): SpanSeen | undefined =>
    collector.spans.find(({ attributes }) => attributes['http.response.status_code'] === 401);
  await eventually(() => refused() !== undefined);
  expect(refused()!.traceId).not.toBe('0af7651916cd43dd8448eb211c80319d');
  expect(collector.spans.filter(({ parent }) => parent === 'b7ad6b7169203332')).toEqual([]);
});

it('every span says whose it is', () => {
  const services = collector.spans.map(({ resource }) => resource['service.name']);
  expect(new Set(services)).toEqual(new Set(['maskline-controller']));
  expect(new Set(collector.spans.map(({ resource }) => resource['service.instance.id'])).size).toBe(2);
  expect(collector.spans[0]!.resource['deployment.environment.name']).toBe('test');
  expect(collector.headers[0]!['x-tenant']).toBe('maskline');
});

it('nothing that was sent names anybody', () => {
  const sent = Buffer.concat(collector.bodies).toString('latin1');
  const people = lanes.flatMap(({ first, second, stranger, did }) => [first, second, stranger, did]);
  for (const number of people) expect(sent).not.toContain(number.slice(1));
  expect(sent).not.toMatch(/https?:/);
  const values = collector.spans.flatMap(({ attributes, resource }) => [
    ...Object.values(attributes),
    ...Object.values(resource),
  ]);
  for (const secret of [PIN, '5678', '0000', bed.stack.authToken])
    expect(values.map(String)).not.toContain(secret);
  expect(values.length).toBeGreaterThan(100);
});

it('the collector is away: calls are as they were, the log says so once, and a stop is not held up', async () => {
  await collector.close();
  const lane = await newLane();
  const session = await lane.session();
  await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
  await lane.call({ from: lane.first, steps: [{ wait: 1_200 }, { hangup: true }] });
  const [interaction] = await lane.interactions(session.id, 1);
  expect(interaction!.connectedAt).not.toBeNull();
  const complaints = async (): Promise<string[]> => {
    const logs = await Promise.all(bed.stack.controllers.map(({ logFile }) => readFile(logFile, 'utf8')));
    return logs.map((log) =>
      log
        .split('\n')
        .filter((line) => line.includes('spans were not exported'))
        .join('\n'),
    );
  };
  await eventually(async () => (await complaints()).some((lines) => lines !== ''), 20_000);
  await bed.stack.api('GET', '/Masking/Session/');
  const begun = performance.now();
  const codes = await Promise.all(bed.stack.controllers.map((controller) => controller.end('SIGTERM')));
  expect(codes).toEqual([0, 0]);
  expect(performance.now() - begun).toBeLessThan(15_000);
  for (const lines of await complaints()) expect(lines.split('\n').length).toBe(1);
}, 60_000);

it.each([
  ['is loaded where traces are wanted', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }, true],
  ['is not loaded without an endpoint', {}, false],
  [
    'is not loaded when it is disabled',
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' },
    false,
  ],
])(
  'the SDK %s',
  async (_name, environment, isLoaded) => {
    probe = join(bed.stack.folder, 'probe.cjs');
    await writeFile(probe, PROBE);
    const other = await SimBed.start({
      controllers: 1,
      environment: { NODE_OPTIONS: `--require ${probe}`, ...environment },
    });
    const [controller] = other.stack.controllers;
    const { pid } = controller!;
    const lane = await other.lane();
    await lane.call({ from: lane.stranger });
    await controller!.end('SIGTERM');
    await other.close();
    const loaded = Number(await readFile(`${probe}.${pid}`, 'utf8'));
    expect(loaded > 0).toBe(isLoaded);
  },
  60_000,
);
