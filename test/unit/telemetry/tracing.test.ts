import { describe, expect, it } from 'vitest';

import type { LegAddress } from '../../../src/calls/ports.js';
import { recordWithoutLeg } from '../../../src/calls/node-link.js';
import type { SpanFacts } from '../../../src/telemetry/spans.js';
import { Tracing, type SpanExport } from '../../../src/telemetry/tracing.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { aQuestion as question } from '../../helpers/questions.js';

const CALL = '14728caf-8250-481f-8ae9-e23a568607e1';
const TRACE = '14728caf8250481f8ae9e23a568607e1';
const NOW = 1_700_000_000_000;
const address = {
  node: 'node-1',
  number: '+15550009001',
  sessionId: 's-1',
  interactionId: CALL,
} as LegAddress;

class Kept implements SpanExport {
  readonly spans: SpanFacts[] = [];
  failure: Error | null = null;
  closed = 0;
  emit(span: SpanFacts): void {
    if (this.failure !== null) throw this.failure;
    this.spans.push(span);
  }
  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }
}

async function started(
  wanted = true,
): Promise<{ tracing: Tracing; kept: Kept; lines: string[]; opened: () => number }> {
  const kept = new Kept();
  const lines: string[] = [];
  let opened = 0;
  const log = createLogger({
    level: 'debug',
    destination: { write: (line: string) => void lines.push(line) },
  });
  const open = (): Promise<SpanExport> => {
    opened += 1;
    return Promise.resolve(kept);
  };
  const tracing = new Tracing({ wanted, instance: 'i', version: 'v', now: () => NOW, log, open });
  await tracing.start();
  return { tracing, kept, lines, opened: () => opened };
}

function leg(role: 'a' | 'b', cause: string, trunk = ''): ReturnType<typeof recordWithoutLeg> {
  const known = {
    uuid: role === 'a' ? CALL : 'b-1',
    role,
    party: 'first',
    startedAt: NOW,
    endedAt: NOW + 9,
  } as const;
  return recordWithoutLeg({ ...known, connectedAt: NOW + 3, cause, endedBy: 'a', trunk });
}

describe('what is told to OpenTelemetry', () => {
  it('is nothing where nobody wants it, and no exporter is opened', async () => {
    const { tracing, kept, opened } = await started(false);
    tracing.legEnded(leg('a', 'NORMAL_CLEARING'), address);
    expect(await tracing.deciding(question(), () => Promise.resolve(7))).toBe(7);
    await tracing.stop(10);
    expect([opened(), kept.spans, kept.closed]).toEqual([0, [], 0]);
  });

  it('puts the legs of a call below the call, whoever tells of them', async () => {
    const [one, other] = [await started(), await started()];
    one.tracing.legEnded(leg('b', 'USER_BUSY', 'carrier'), address);
    other.tracing.legEnded(leg('a', 'NORMAL_CLEARING'), address);
    const [b] = one.kept.spans;
    const [root, a] = other.kept.spans;
    expect([root!.name, a!.name, b!.name]).toEqual(['call', 'leg a', 'leg b']);
    expect([root!.traceId, a!.traceId, b!.traceId]).toEqual([TRACE, TRACE, TRACE]);
    expect(root!.parent).toBeNull();
    expect([a!.parent!.id, b!.parent!.id]).toEqual([root!.id, root!.id]);
    expect(root!.id).toMatch(/^[0-9a-f]{16}$/);
    expect(b!.attributes).toMatchObject({ 'maskline.trunk': 'carrier', 'maskline.cause': 'USER_BUSY' });
    expect(b!.events).toEqual([
      { name: 'answered', at: NOW + 3 },
      { name: 'joined', at: NOW + 3 },
    ]);
  });

  it('passes on no cause that is none of FreeSWITCH’s', async () => {
    const { tracing, kept } = await started();
    tracing.legEnded(leg('a', '+15550001001'), address);
    for (const { attributes } of kept.spans) expect(attributes['maskline.cause']).toBe('OTHER');
    expect(JSON.stringify(kept.spans)).not.toContain('1555');
  });

  it('puts the scripts that ran for a question below it, and no others', async () => {
    const { tracing, kept } = await started();
    const [asked, another] = [question({ uuid: CALL }), question({ uuid: CALL })];
    tracing.scriptRun('renew-lease', 3, false);
    await Promise.all([
      tracing.deciding(asked, async () => {
        await Promise.resolve();
        tracing.scriptRun('route', 4, false);
        for (let runs = 0; runs < 100; runs += 1) tracing.scriptRun('check-pin', 1, true);
      }),
      tracing.deciding(another, async () => {
        await Promise.resolve();
        tracing.scriptRun('claim', 1, false);
      }),
    ]);
    tracing.questionTaken({ outcome: 'answered', elapsedMs: 8, question: asked, next: 'connect' });
    const [taken, ...scripts] = kept.spans;
    expect(taken).toMatchObject({ traceId: TRACE, start: NOW - 8, end: NOW });
    expect(scripts[0]).toMatchObject({
      name: 'redis route',
      parent: { id: taken!.id },
      start: NOW - 4,
      end: NOW,
    });
    expect(scripts.map(({ name }) => name)).not.toContain('redis claim');
    // A bound, far above what a question needs.
    expect(scripts).toHaveLength(32);
  });

  it('holds nothing of what was dialled, keyed or said by a phone', async () => {
    const { tracing, kept } = await started();
    const numbers = { dialled: '15550009001', callerNumber: '15550001001', fromUser: '15550001002' };
    const asked = question({ uuid: CALL, ...numbers, digits: '918273', number: '+15550009001' });
    tracing.questionTaken({ outcome: 'answered', elapsedMs: 8, question: asked, next: 'prompt' });
    expect(JSON.stringify(kept.spans)).not.toMatch(/1555|918273/);
    expect(kept.spans).toHaveLength(1);
  });

  it('gives what a session alone is told of a trace of its own', async () => {
    const { tracing, kept } = await started();
    const tried = {
      result: 'failed',
      code: 'ERR_CALLBACK_STATUS',
      event: 'SessionTimeout',
      status: 500,
    } as const;
    tracing.callbackTried({ ...tried, at: NOW, durationMs: 5, call: null });
    tracing.callbackTried({ ...tried, at: NOW, durationMs: 5, call: CALL });
    expect(kept.spans).toMatchObject([
      { name: 'callback', traceId: null, parent: null, end: NOW + 5, isFailure: true },
      { name: 'callback', traceId: TRACE, isFailure: true },
    ]);
  });

  it.each(['', 'x', '00-0-0-0', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01; +15550001001`])(
    'does not take %j for the trace of a client',
    async (traceparent) => {
      const { tracing, kept } = await started();
      tracing.requestAnswered({ method: 'GET', route: '/v1', status: 500, elapsedMs: 1, traceparent });
      tracing.requestAnswered({ method: 'GET', route: '/healthz', status: 200, elapsedMs: 1, traceparent });
      expect(kept.spans).toMatchObject([{ name: 'GET /v1', traceId: null, parent: null, isFailure: true }]);
      expect(kept.spans).toHaveLength(1);
    },
  );

  it('hurts nobody when it fails, and says so once', async () => {
    const { tracing, kept, lines } = await started();
    kept.failure = new Error('no room');
    for (let times = 0; times < 10; times += 1) tracing.legEnded(leg('a', 'NORMAL_CLEARING'), address);
    expect(lines.filter((line) => line.includes('something was not traced'))).toHaveLength(1);
    await tracing.stop(10);
    expect(kept.closed).toBe(1);
  });

  it('starts without OpenTelemetry when that cannot be opened', async () => {
    const lines: string[] = [];
    const log = createLogger({
      level: 'debug',
      destination: { write: (line: string) => void lines.push(line) },
    });
    const open = (): Promise<SpanExport> => Promise.reject(new Error('not installed'));
    const tracing = new Tracing({ wanted: true, instance: 'i', version: 'v', now: () => NOW, log, open });
    await tracing.start();
    tracing.legEnded(leg('a', 'NORMAL_CLEARING'), address);
    await tracing.stop(10);
    expect(lines.join('')).toContain('not installed');
  });
});
