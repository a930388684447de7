import { AbandonedQuestions } from './calls/abandoned-questions.js';
import type { CallClaims } from './calls/call-claims.js';
import type { DestinationGuard } from './calls/destination-guard.js';
import { LocalClaims } from './calls/local-claims.js';
import { LocalRoutes } from './calls/local-routes.js';
import { OutageDecider } from './calls/outage-decider.js';
import type { CallMeter } from './calls/meter.js';
import type { CallRecords } from './calls/records.js';
import { CallRunner } from './calls/runner.js';
import type { Config } from './config.js';
import { dialString } from './freeswitch/dial-string.js';
import type { FreeswitchNode } from './freeswitch/node.js';
import type { Decide } from './freeswitch/question.js';
import type { QuestionOutcome } from './freeswitch/question-exchange.js';
import { QuestionServer } from './freeswitch/question-server.js';
import { PollLoop } from './poll-loop.js';
import type { PromptLibrary } from './prompts/prompt-library.js';
import { QuestionGate } from './question-gate.js';
import type { RecordingService } from './recordings/recording-service.js';
import { isOutage, type Lease, type Store } from './store/index.js';
import type { Logger } from './telemetry/logger.js';
import type { Tracing } from './telemetry/tracing.js';

export interface QuestionDeskOptions {
  readonly config: Pick<Config, 'questions' | 'trunks' | 'defaultCountry' | 'localRoutes'>;
  readonly store: Store;
  readonly claims: CallClaims;
  readonly destinations: DestinationGuard;
  readonly records: CallRecords;
  readonly prompts: PromptLibrary;
  readonly recordings: Pick<RecordingService<Lease>, 'path' | 'disk'>;
  readonly nodes: readonly FreeswitchNode[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  readonly meter: Pick<CallMeter, 'pinChecked' | 'unconnected'> & {
    questionTaken(outcome: QuestionOutcome, elapsedMs: number): void;
  };
  readonly tracing: Pick<Tracing, 'deciding' | 'questionTaken'>;
  /** Aborted when the controller stops. */
  readonly signal: AbortSignal;
}

/** Milliseconds between two looks at what is remembered, and whether calls of an outage can be entered. */
const UPKEEP_MS = 500;

/** Where FreeSWITCH's questions are taken and decided, with Redis and, if so configured, for a while without it. */
export class QuestionDesk {
  readonly #options: QuestionDeskOptions;
  readonly #routes: LocalRoutes;
  readonly #localClaims: LocalClaims;
  readonly #upkeep: PollLoop;
  readonly #server: QuestionServer;
  readonly #gate: QuestionGate;

  constructor(options: QuestionDeskOptions) {
    this.#options = options;
    const { config, store, destinations, log } = options;
    const { most } = config.localRoutes;
    this.#routes = new LocalRoutes(config.localRoutes);
    this.#localClaims = new LocalClaims({ destinations, store: store.calls, log });
    this.#server = this.#questionServer(most === 0 ? this.#decider() : this.#deciderThatOutlivesRedis());
    this.#gate = new QuestionGate({
      port: this.#server,
      ask: () => store.ready(),
      log,
      staysOpen: most > 0,
    });
    this.#upkeep = new PollLoop(() => this.#keepUp(), UPKEEP_MS);
  }

  /** False while the port is closed. */
  get accepting(): boolean {
    return this.#server.accepting;
  }

  /** Rejects with the system's error, such as EADDRINUSE. */
  async start(): Promise<void> {
    await this.#server.listen();
    this.#gate.start();
    if (this.#options.config.localRoutes.most > 0) this.#upkeep.start();
  }

  /** Takes no new question at once; those that are open have `graceMs` milliseconds. */
  async stop(graceMs: number): Promise<void> {
    await this.#gate.stop();
    await this.#server.close(graceMs);
    await this.#upkeep.stop();
    await this.#enterCalls();
  }

  /** What is remembered of where callers were led, to be told of what changes. */
  get routes(): Pick<LocalRoutes, 'forget' | 'forgetNumber' | 'forgetPerson'> {
    return this.#routes;
  }

  async #keepUp(): Promise<boolean> {
    this.#routes.dropOld(this.#options.now());
    await this.#enterCalls();
    return false;
  }

  /** Calls that were led on while Redis was away; not before it answers again. */
  async #enterCalls(): Promise<void> {
    if (!this.#gate.isAway) await this.#localClaims.enterAll();
  }

  #decider(): Decide {
    const { store, claims } = this.#options;
    return this.#runner({ store: store.calls, claims });
  }

  #deciderThatOutlivesRedis(): Decide {
    const { store, claims, log } = this.#options;
    const routes = this.#routes;
    const decider = new OutageDecider({
      decide: this.#runner({ store: routes.learningFrom(store.calls), claims }),
      decideLocally: this.#runner({ store: routes, claims: this.#localClaims }),
      isAway: () => this.#gate.isAway,
      isOutage,
      log,
    });
    return (question, signal) => decider.decide(question, signal);
  }

  #runner(asked: Pick<ConstructorParameters<typeof CallRunner>[0], 'store' | 'claims'>): Decide {
    const { config, store, prompts, recordings, now, log, meter } = this.#options;
    const runner = new CallRunner({
      ...asked,
      sessions: { get: (id) => store.sessions.get(id, now()) },
      prompts,
      trunks: config.trunks,
      recordingPath: (fileName) => recordings.path(fileName),
      mayRecord: () => recordings.disk.mayRecord,
      now,
      defaultCountry: config.defaultCountry,
      log,
      meter,
      tracer: store.traces,
    });
    return (question, signal) => runner.decide(question, signal);
  }

  #questionServer(decide: Decide): QuestionServer {
    const { config, records, nodes, now, log, meter, tracing, signal } = this.#options;
    const abandoned = new AbandonedQuestions({ records, nodes, now, log, signal });
    const { host, port, secret, allow } = config.questions;
    return new QuestionServer({
      ...{ host, port, secret, allow, dialString, log },
      decide: (question, given) => tracing.deciding(question, () => decide(question, given)),
      onUnused: (question, answer, why) => {
        if (why === 'abandoned') void abandoned.giveBack(question, answer);
      },
      onOutcome: (taken) => {
        const { outcome, elapsedMs, question, next } = taken;
        tracing.questionTaken(taken);
        meter.questionTaken(outcome, elapsedMs);
        const took = Math.round(elapsedMs * 100) / 100;
        const told = { call: question?.uuid, node: question?.node, kind: question?.kind };
        log.debug({ ...told, outcome, next: next ?? undefined, elapsedMs: took }, 'a question was taken');
      },
    });
  }
}
