import { AsyncLocalStorage } from 'node:async_hooks';

import type { CallbackTried } from '../callbacks/courier.js';
import type { UnmarkedLeg } from '../calls/node-link.js';
import type { LegAddress } from '../calls/ports.js';
import type { Question } from '../freeswitch/question.js';
import type { QuestionTaken } from '../freeswitch/question-exchange.js';
import type { LegRecord } from '../masking/interaction.js';
import type { Logger } from './logger.js';
import type { AnsweredRequest } from './metrics.js';
import { RareLog } from './rare-log.js';
import {
  callbackSpans,
  legSpans,
  nowhereSpans,
  questionSpans,
  requestSpan,
  type ScriptRun,
  type SpanFacts,
} from './spans.js';

/** Where spans go. */
export interface SpanExport {
  emit(span: SpanFacts): void;
  /** Sends what waits, for at most `limitMs` milliseconds. Never rejects. */
  close(limitMs: number): Promise<void>;
}

export interface TracingOptions {
  /** Without it nothing is noted, and nothing of OpenTelemetry's SDK is loaded. */
  readonly wanted: boolean;
  /** Tells this controller from every other. */
  readonly instance: string;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Default: over OTLP, as the environment says. */
  readonly open?: (about: { instance: string; version: string; complain: RareLog }) => Promise<SpanExport>;
}

/** Scripts that are kept for one question; it runs fewer than ten. */
const MOST_SCRIPTS = 32;

/**
 * What is told to OpenTelemetry, by the hooks that the metrics have as well. Nothing here waits, throws, or is read
 * again: a call does not know whether anybody traces it.
 */
export class Tracing {
  readonly #options: TracingOptions;
  readonly #complain: RareLog;
  readonly #running = new AsyncLocalStorage<ScriptRun[]>();
  readonly #scripts = new WeakMap<Question, ScriptRun[]>();
  #export: SpanExport | null = null;

  constructor(options: TracingOptions) {
    this.#options = options;
    this.#complain = new RareLog(options.log);
  }

  /** Never rejects: without traces calls go on. */
  async start(): Promise<void> {
    const { wanted, instance, version, log, open = openOtlp } = this.#options;
    if (!wanted) return;
    try {
      this.#export = await open({ instance, version, complain: this.#complain });
    } catch (error) {
      log.error({ err: error }, 'OpenTelemetry could not be started: nothing is traced');
    }
  }

  /** Sends what waits, for at most `limitMs` milliseconds; what comes after is lost. Never rejects. */
  async stop(limitMs: number): Promise<void> {
    const opened = this.#export;
    this.#export = null;
    await opened?.close(limitMs);
  }

  /** Carries out `decide`; the scripts that run meanwhile are put below the question. */
  deciding<T>(question: Question, decide: () => Promise<T>): Promise<T> {
    if (this.#export === null) return decide();
    const runs: ScriptRun[] = [];
    this.#scripts.set(question, runs);
    return this.#running.run(runs, decide);
  }

  scriptRun(name: string, elapsedMs: number, isFailure: boolean): void {
    const runs = this.#running.getStore();
    if (runs === undefined || runs.length >= MOST_SCRIPTS) return;
    const end = this.#options.now();
    runs.push({ name, start: end - elapsedMs, end, isFailure });
  }

  questionTaken(taken: QuestionTaken): void {
    const { question } = taken;
    if (question === null) return;
    const end = this.#options.now();
    this.#emit(() => questionSpans(taken, question, this.#scripts.get(question) ?? [], end));
  }

  /** A leg was written, by this controller. */
  legEnded(leg: LegRecord, address: LegAddress): void {
    this.#emit(() => legSpans(leg, address));
  }

  /** A call that led to nobody has ended. */
  ledNowhere(leg: LegRecord, unmarked: UnmarkedLeg): void {
    this.#emit(() => nowhereSpans(leg, unmarked));
  }

  callbackTried(tried: CallbackTried): void {
    this.#emit(() => callbackSpans(tried));
  }

  requestAnswered(request: AnsweredRequest): void {
    const end = this.#options.now();
    this.#emit(() => (UNTRACED.includes(request.route) ? [] : [requestSpan(request, end)]));
  }

  #emit(spans: () => readonly SpanFacts[]): void {
    const opened = this.#export;
    if (opened === null) return;
    try {
      for (const span of spans()) opened.emit(span);
    } catch (error) {
      this.#complain.warn({ err: error }, 'something was not traced');
    }
  }
}

/** They are asked for all the time, and tell nothing of anybody's doing. */
const UNTRACED: readonly string[] = ['/healthz', '/readyz', '/metrics'];

async function openOtlp(...about: Parameters<NonNullable<TracingOptions['open']>>): Promise<SpanExport> {
  const { OtlpExport } = await import('./otlp-export.js');
  return new OtlpExport(...about);
}
