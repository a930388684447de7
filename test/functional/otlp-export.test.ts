import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { OtlpExport } from '../../src/telemetry/otlp-export.js';
import { RareLog } from '../../src/telemetry/rare-log.js';
import type { SpanFacts } from '../../src/telemetry/spans.js';
import { OtlpReceiver } from '../helpers/otlp-receiver.js';
import { silentLog } from '../helpers/silent-log.js';

let collector: OtlpReceiver;
beforeEach(async () => {
  collector = await OtlpReceiver.start();
  vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', `${collector.url}/v1/traces`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await collector.close();
});

function opened(instance: string): OtlpExport {
  return new OtlpExport({ instance, version: '1.2.3', complain: new RareLog(silentLog) });
}

function span(traceId: string, parent: string | null): SpanFacts {
  return {
    ...{
      name: parent === null ? 'call' : 'child',
      kind: 'server',
      traceId,
      id: null,
      attributes: {},
      events: [],
    },
    // Before this process began: what the SDK could take for milliseconds since its start.
    ...{ start: 1_000_000.25, end: 1_000_500.5, isFailure: false },
    parent: parent === null ? null : { id: parent, isSampled: null },
  };
}

it('a sampler takes the whole of a trace or nothing of it, at whichever controllers', async () => {
  vi.stubEnv('OTEL_TRACES_SAMPLER', 'parentbased_traceidratio');
  vi.stubEnv('OTEL_TRACES_SAMPLER_ARG', '0.5');
  const [one, other] = [opened('one'), opened('other')];
  const traces = Array.from({ length: 200 }, () => randomUUID().replaceAll('-', ''));
  for (const traceId of traces) {
    one.emit(span(traceId, null));
    other.emit(span(traceId, '00f067aa0ba902b7'));
  }
  await Promise.all([one.close(5_000), other.close(5_000)]);
  const [roots, children] = ['call', 'child'].map((name) =>
    collector.spans.filter((each) => each.name === name).map(({ traceId }) => traceId),
  );
  expect(new Set(roots)).toEqual(new Set(children));
  // Five standard deviations around the half of 200.
  expect(roots!.length).toBeGreaterThan(64);
  expect(roots!.length).toBeLessThan(136);
});

it('what a client says of its trace is heeded', async () => {
  const exporting = opened('one');
  const facts = span('0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331');
  exporting.emit({ ...facts, parent: { id: 'b7ad6b7169203331', isSampled: false } });
  exporting.emit({ ...facts, parent: { id: 'b7ad6b7169203331', isSampled: true } });
  await exporting.close(5_000);
  expect(collector.spans).toHaveLength(1);
});

it('the environment has the last word on whose spans they are, and times are as they were given', async () => {
  vi.stubEnv('OTEL_SERVICE_NAME', 'masking-eu');
  vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'service.version=mine,host.name=a');
  const exporting = opened('one');
  exporting.emit({ ...span('0af7651916cd43dd8448eb211c80319c', null), id: '00f067aa0ba902b7' });
  await exporting.close(5_000);
  expect(collector.spans).toMatchObject([
    {
      id: '00f067aa0ba902b7',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      start: 1_000_000.25,
      end: 1_000_500.5,
    },
  ]);
  expect(collector.spans[0]!.resource).toEqual({
    ...{
      'service.name': 'masking-eu',
      'service.version': 'mine',
      'service.instance.id': 'one',
      'host.name': 'a',
    },
  });
});

it('spans that find no room are let go', async () => {
  vi.stubEnv('OTEL_BSP_MAX_QUEUE_SIZE', '20');
  vi.stubEnv('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '20');
  const exporting = opened('one');
  for (let sent = 0; sent < 1_000; sent += 1) exporting.emit(span(randomUUID().replaceAll('-', ''), null));
  await exporting.close(5_000);
  expect(collector.spans.length).toBeGreaterThan(0);
  expect(collector.spans.length).toBeLessThanOrEqual(40);
});

it('a close waits no longer than it may', async () => {
  await collector.close();
  const exporting = opened('one');
  exporting.emit(span('0af7651916cd43dd8448eb211c80319c', null));
  const begun = performance.now();
  await exporting.close(300);
  expect(performance.now() - begun).toBeLessThan(2_000);
});
