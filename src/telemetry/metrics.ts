import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Announcement, Refusal } from '../calls/machine.js';
import type { CallMeter } from '../calls/meter.js';
import type { PinCheck } from '../calls/ports.js';
import type { QuestionOutcome } from '../freeswitch/question-exchange.js';
import { causeName } from '../masking/hangup-cause.js';
import type { LegRecord } from '../masking/interaction.js';

/** Seconds; an answer to FreeSWITCH, a command of Redis. */
const QUICK = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
/** Seconds; what people wait for, and a receiver of callbacks. */
const SLOW = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 20, 45];
const TALK = [5, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200];

/** A request to the API, once it was answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** Its pattern, never the path itself. */
  readonly route: string;
  readonly status: number;
  readonly elapsedMs: number;
  /** Of a client with credentials the header of that name, which says what trace the request is part of; else "". */
  readonly traceparent: string;
}

/** What is asked for when somebody scrapes. */
export interface Snapshot {
  readonly redisUp: boolean;
  readonly nodes: readonly { readonly node: string; readonly up: boolean; readonly held: boolean }[];
  /** Virtual numbers by country (ISO 3166-1 alpha-2). */
  readonly numbers: readonly {
    readonly country: string;
    readonly enabled: boolean;
    readonly count: number;
  }[];
  /** Calls that run, in all; null when Redis did not say. */
  readonly calls: number | null;
  /** Callbacks that wait, and for how many seconds the oldest has; null when Redis did not say. */
  readonly callbacks: { readonly waiting: number; readonly oldest: number } | null;
  /** The bucket for recordings. `up` is null when there is none, `waiting` also when Redis did not say. */
  readonly bucket: {
    readonly up: boolean | null;
    readonly waiting: { readonly uploads: number; readonly removals: number } | null;
  };
}

/**
 * Everything that `/metrics` shows, in Prometheus' names and units. No label ever holds a number, a PIN, a URL or an id of
 * somebody's: trunks, causes, routes and scripts only, which are few.
 */
export class Metrics implements CallMeter {
  readonly #registry = new Registry();
  readonly #setup = this.#histogram(
    'setup_duration_seconds',
    'From FreeSWITCH’s question to our answer: Maskline’s share of a call’s set-up.',
    QUICK,
    ['outcome'],
  );
  readonly #calls = this.#counter(
    'calls_total',
    'Calls that were dialled for a session, by how they ended.',
    ['outcome', 'cause'],
  );
  readonly #unconnected = this.#counter(
    'calls_unconnected_total',
    'Calls that reached nobody: refused, or led to an announcement.',
    ['reason'],
  );
  readonly #pins = this.#counter('pin_checks_total', 'Keyed PINs, and digits of callers’ own numbers.', [
    'result',
  ]);
  readonly #talk = this.#histogram('call_talk_seconds', 'How long two people were joined.', TALK, []);
  readonly #legs = this.#counter('dialled_legs_total', 'Phones that were dialled, by trunk.', [
    'trunk',
    'outcome',
    'cause',
  ]);
  readonly #postDial = this.#histogram(
    'post_dial_delay_seconds',
    'From the INVITE to a phone until it rings.',
    SLOW,
    ['trunk'],
  );
  readonly #lag = this.#histogram(
    'event_socket_lag_seconds',
    'From an event of a leg, by its node’s clock, until we hear of it. Clocks that differ are in it.',
    QUICK,
    [],
  );
  readonly #redis = this.#histogram(
    'redis_command_duration_seconds',
    'How long Redis took over a script of ours.',
    QUICK,
    ['script'],
  );
  readonly #redisFailures = this.#counter(
    'redis_command_failures_total',
    'Scripts that Redis did not carry out.',
    ['script'],
  );
  readonly #attempts = this.#histogram(
    'callback_attempt_duration_seconds',
    'Attempts to tell a receiver of an event.',
    SLOW,
    ['result'],
  );
  readonly #transfers = this.#histogram(
    'recording_transfer_duration_seconds',
    'Recordings that were put into the bucket or removed from it.',
    SLOW,
    ['kind', 'result'],
  );
  readonly #requests = this.#histogram(
    'http_request_duration_seconds',
    'Requests to the API, by the pattern of their route.',
    QUICK,
    ['method', 'route', 'status'],
  );
  readonly #creates = this.#counter('session_creates_total', 'Sessions that were to be created.', ['result']);

  /** `snapshot` answers what is only known when it is asked for. `version` is the product's. */
  constructor(snapshot: () => Promise<Snapshot>, version: string) {
    collectDefaultMetrics({ register: this.#registry });
    // A series that begins with its first event hides that event from every rate.
    for (const result of CREATE_RESULTS) this.#creates.inc({ result }, 0);
    for (const result of PIN_RESULTS) this.#pins.inc({ result }, 0);
    for (const outcome of QUESTION_OUTCOMES) this.#setup.zero({ outcome });
    this.#gauge('build_info', 'Always 1; the label tells.', ['version']).set({ version }, 1);
    const redisUp = this.#gauge('redis_up', '1 while Redis answers.', []);
    const nodeUp = this.#gauge('node_up', '1 while this controller is connected to the node.', ['node']);
    const held = this.#gauge('node_held', '1 while this controller has the node’s lease.', ['node']);
    const numbers = this.#gauge('virtual_numbers', 'Virtual numbers.', ['country', 'enabled']);
    const running = this.#gauge('calls_running', 'Calls that run, on all nodes.', []);
    const waiting = this.#gauge(
      'callbacks_waiting',
      'Callbacks that wait, for a first or another attempt.',
      [],
    );
    const oldest = this.#gauge('callback_oldest_age_seconds', 'How long the oldest callback has waited.', []);
    const bucketUp = this.#gauge(
      'recording_bucket_up',
      '1 while the bucket for recordings did what this controller last asked of it.',
      [],
    );
    const transfers = this.#gauge(
      'recording_transfers_waiting',
      'Recordings that wait to be put into the bucket, and objects that wait to be removed from it.',
      ['kind'],
    );
    this.#collect = async () => {
      const now = await snapshot();
      for (const gauge of [nodeUp, held, numbers, running, waiting, oldest, transfers]) gauge.reset();
      if (now.bucket.up === null) bucketUp.remove();
      else bucketUp.set(now.bucket.up ? 1 : 0);
      if (now.bucket.waiting !== null) {
        transfers.set({ kind: 'upload' }, now.bucket.waiting.uploads);
        transfers.set({ kind: 'remove' }, now.bucket.waiting.removals);
      }
      redisUp.set(now.redisUp ? 1 : 0);
      for (const { node, up, held: isHeld } of now.nodes) {
        nodeUp.set({ node }, up ? 1 : 0);
        held.set({ node }, isHeld ? 1 : 0);
      }
      for (const { country, enabled, count } of now.numbers) {
        numbers.set({ country, enabled: String(enabled) }, count);
      }
      // What is not known is missing, and not 0.
      if (now.calls === null) running.remove();
      else running.set(now.calls);
      if (now.callbacks === null) {
        waiting.remove();
        oldest.remove();
      } else {
        waiting.set(now.callbacks.waiting);
        oldest.set(now.callbacks.oldest);
      }
    };
  }

  readonly #collect: () => Promise<void>;

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In Prometheus' text format. */
  async text(): Promise<string> {
    await this.#collect();
    return this.#registry.metrics();
  }

  questionTaken(outcome: QuestionOutcome, elapsedMs: number): void {
    this.#setup.observe({ outcome }, elapsedMs / 1_000);
  }

  pinChecked(result: PinCheck['result']): void {
    this.#pins.inc({ result });
  }

  unconnected(reason: Refusal | Announcement): void {
    this.#unconnected.inc({ reason });
  }

  /** A leg has ended and was written; each is told once, by whoever wrote it. */
  legEnded(leg: LegRecord): void {
    const cause = causeName(leg.cause);
    // A first party is dialled as well, on the A leg.
    if (leg.role === 'b' || leg.trunk !== '') this.#legDialled(leg, cause);
    if (leg.role === 'a') {
      this.#calls.inc({ outcome: leg.bridgedAt === null ? 'unanswered' : 'connected', cause });
      if (leg.bridgedAt !== null) this.#talk.observe(secondsBetween(leg.bridgedAt, leg.endedAt));
    }
  }

  #legDialled(leg: LegRecord, cause: string): void {
    const { trunk, startedAt, ringingAt, answeredAt } = leg;
    this.#legs.inc({ trunk, outcome: answeredAt === null ? 'unanswered' : 'answered', cause });
    // A phone that answers without ringing has let nobody wait for it.
    const rang = ringingAt ?? answeredAt;
    if (rang !== null) this.#postDial.observe({ trunk }, secondsBetween(startedAt, rang));
  }

  heard(lagMs: number): void {
    this.#lag.observe(Math.max(0, lagMs) / 1_000);
  }

  redisAnswered(script: string, elapsedMs: number, isFailure: boolean): void {
    this.#redis.observe({ script }, elapsedMs / 1_000);
    if (isFailure) this.#redisFailures.inc({ script });
  }

  callbackAttempted(result: 'delivered' | 'again' | 'failed', elapsedMs: number): void {
    this.#attempts.observe({ result }, elapsedMs / 1_000);
  }

  transferred(kind: 'upload' | 'remove', result: 'done' | 'failed', elapsedMs: number): void {
    this.#transfers.observe({ kind, result }, elapsedMs / 1_000);
  }

  requestAnswered(request: Omit<AnsweredRequest, 'traceparent'>): void {
    const { method, route, status, elapsedMs } = request;
    this.#requests.observe({ method, route, status: String(status) }, elapsedMs / 1_000);
  }

  /** `code`: that of the error with which a create failed; null when it did not. */
  sessionCreated(code: string | null): void {
    this.#creates.inc({ result: code === null ? 'created' : (CREATE_FAILURES[code] ?? 'failed') });
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ ...named(name, help), labelNames, registers: [this.#registry] });
  }

  #gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Gauge<Label> {
    return new Gauge({ ...named(name, help), labelNames, registers: [this.#registry] });
  }

  #histogram<Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly Label[],
  ): Histogram<Label> {
    return new Histogram({ ...named(name, help), buckets, labelNames, registers: [this.#registry] });
  }
}

const CREATE_FAILURES: Readonly<Record<string, string>> = {
  ERR_NUMBER_POOL_EXHAUSTED: 'pool_exhausted',
  ERR_PIN_TAKEN: 'pin_taken',
};
const CREATE_RESULTS = ['created', 'failed', ...Object.values(CREATE_FAILURES)];
const PIN_RESULTS: readonly PinCheck['result'][] = ['matched', 'wrong', 'asked', 'refused'];
const QUESTION_OUTCOMES: readonly QuestionOutcome[] = ['answered', 'fallback', 'refused', 'abandoned'];

function named(name: string, help: string): { readonly name: string; readonly help: string } {
  return { name: `maskline_${name}`, help };
}

function secondsBetween(from: number, until: number): number {
  return Math.max(0, until - from) / 1_000;
}
