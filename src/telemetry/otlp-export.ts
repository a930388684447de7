import { setTimeout as sleep } from 'node:timers/promises';

import {
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import type { Context, HrTime, SpanOptions, Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, RandomIdGenerator } from '@opentelemetry/sdk-trace-node';
import type { IdGenerator, SpanExporter } from '@opentelemetry/sdk-trace-node';

import type { RareLog } from './rare-log.js';
import type { SpanFacts, SpanParent } from './spans.js';
import type { SpanExport } from './tracing.js';

const SERVICE = 'maskline-controller';
const KINDS = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT } as const;

/**
 * Spans over OTLP/HTTP, in protobuf, by OpenTelemetry's SDK, which reads where to, how much and as whom from the OTEL_*
 * variables. This file is the only one that knows the SDK, and is loaded only where traces are wanted. Nothing is
 * registered globally but where the SDK complains.
 */
export class OtlpExport implements SpanExport {
  readonly #ids = new GivenIds();
  readonly #provider: BasicTracerProvider;
  readonly #tracer: Tracer;
  #isOpen = false;

  constructor({ instance, version, complain }: { instance: string; version: string; complain: RareLog }) {
    const grumble = (message: string): void => complain.warn({ detail: message }, 'OpenTelemetry complains');
    const silent = (): void => undefined;
    // Later errors are those of exports, which are told of below.
    const error = (message: string): void => {
      if (!this.#isOpen) grumble(message);
    };
    const logger = { error, warn: grumble, info: silent, debug: silent, verbose: silent };
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
    const ours = { 'service.name': SERVICE, 'service.version': version, 'service.instance.id': instance };
    const exporter = new WatchedExporter(new OTLPTraceExporter(), complain);
    this.#provider = new BasicTracerProvider({
      idGenerator: this.#ids,
      // What the environment says goes above what we say.
      resource: resourceFromAttributes(ours).merge(detectResources({ detectors: [envDetector] })),
      spanProcessors: [new BatchSpanProcessor(exporter)],
    });
    this.#tracer = this.#provider.getTracer('maskline', version);
    this.#isOpen = true;
  }

  emit(facts: SpanFacts): void {
    const traceId = facts.traceId ?? this.#ids.anyTraceId();
    const context = facts.parent === null ? ROOT_CONTEXT : this.#below(facts.parent, traceId);
    const { name, kind, attributes, start } = facts;
    const options = { kind: KINDS[kind], attributes: { ...attributes }, startTime: instant(start) };
    const span = this.#begin(name, options, context, traceId, facts.id);
    for (const event of facts.events) span.addEvent(event.name, {}, instant(event.at));
    if (facts.isFailure) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(instant(Math.max(start, facts.end)));
  }

  async close(limitMs: number): Promise<void> {
    const over = new AbortController();
    const flushed = this.#provider.shutdown().catch(() => undefined);
    const late = sleep(limitMs, undefined, { signal: over.signal }).catch(() => undefined);
    await Promise.race([flushed, late]);
    over.abort();
    diag.disable();
  }

  #below({ id, isSampled }: SpanParent, traceId: string): Context {
    const isWanted = isSampled ?? this.#isSampled(traceId);
    const traceFlags = isWanted ? TraceFlags.SAMPLED : TraceFlags.NONE;
    return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: id, traceFlags, isRemote: true });
  }

  /** As the root of the trace is, or will be, wherever it is emitted: samplers decide by the id of the trace. */
  #isSampled(traceId: string): boolean {
    const probe = this.#begin('call', { kind: SpanKind.SERVER }, ROOT_CONTEXT, traceId, null);
    return (probe.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
  }

  #begin(name: string, options: SpanOptions, context: Context, traceId: string, id: string | null) {
    this.#ids.give(traceId, id);
    return this.#tracer.startSpan(name, options, context);
  }
}

/** The SDK asks for the ids of a span while it begins it, which is at once. */
class GivenIds implements IdGenerator {
  readonly #any = new RandomIdGenerator();
  #traceId = '';
  #spanId: string | null = null;

  give(traceId: string, spanId: string | null): void {
    this.#traceId = traceId;
    this.#spanId = spanId;
  }

  anyTraceId(): string {
    return this.#any.generateTraceId();
  }

  generateTraceId(): string {
    return this.#traceId;
  }

  generateSpanId(): string {
    return this.#spanId ?? this.#any.generateSpanId();
  }
}

type Done = Parameters<SpanExporter['export']>[1];

/** Says now and then that spans are lost. */
class WatchedExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #complain: RareLog;

  constructor(exporter: SpanExporter, complain: RareLog) {
    this.#exporter = exporter;
    this.#complain = complain;
  }

  export(spans: Parameters<SpanExporter['export']>[0], done: Done): void {
    this.#exporter.export(spans, (result) => {
      // Not the error itself: it holds what the receiver answered.
      const { message, code: status } = (result.error ?? {}) as { message?: string; code?: unknown };
      if (message !== undefined) {
        const told = { reason: message.slice(0, 200), status, lost: spans.length };
        this.#complain.warn(told, 'spans were not exported');
      }
      done(result);
    });
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}

/** The SDK takes small numbers of milliseconds for those since its start, so it is given none. */
function instant(at: number): HrTime {
  const seconds = Math.floor(at / 1_000);
  return [seconds, Math.round((at - seconds * 1_000) * 1e6)];
}
