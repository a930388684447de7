import type { Answer, Question } from '../freeswitch/question.js';
import { ANONYMOUS, callerOf, type Caller } from '../masking/caller.js';
import type { InteractionPeople } from '../masking/interaction.js';
import { isE164, parseE164, type E164 } from '../masking/phone-number.js';
import { judge, targetOf, type Match, type NumberRoutes } from '../masking/resolve.js';
import type { Logger } from '../telemetry/logger.js';
import { isLive, otherParty, partyNumber, type MaskingSession } from '../masking/session.js';
import {
  answerFor,
  causeOf,
  isAnswering,
  type AnswerContext,
  type AnsweringEffect,
  type AnswerOptions,
} from './answers.js';
import type { CallClaims } from './call-claims.js';
import { step, type CallEffect, type CallEvent, type CallState } from './machine.js';
import type { CallTracer, TraceEvent } from './call-trace.js';
import type { CallMeter } from './meter.js';
import type { CallStore, InteractionStart, PinCheck, SessionReader } from './ports.js';

export interface CallRunnerOptions extends AnswerOptions {
  readonly store: Pick<CallStore, 'route' | 'checkPin' | 'checkOwnDigits'>;
  readonly claims: Pick<CallClaims, 'claim'>;
  readonly sessions: SessionReader;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  readonly meter: Pick<CallMeter, 'pinChecked' | 'unconnected'>;
  readonly tracer: CallTracer;
  /** False while there is no room for recordings. */
  readonly mayRecord: () => boolean;
  /** ISO 3166-1 alpha-2 for numbers that a trunk sends in national form, or "". */
  readonly defaultCountry: string;
}

/** Longest that a B leg takes from the claim to an answer beyond its ring timeout, in milliseconds. */
const DIALING_MARGIN_MS = 60_000;

/** Longest prompt heard by either party before the two are joined, in milliseconds. */
const WHISPER_MARGIN_MS = 120_000;

/** What a question is about once its number and caller are understood. */
interface CallInHand {
  readonly question: Question;
  /** Aborted once nobody waits for the answer. */
  readonly signal: AbortSignal | undefined;
  readonly number: E164;
  readonly caller: Caller;
  routes: NumberRoutes | null;
  /** The session that it was found to be about. */
  match: Match | null;
  recording: string;
  /** Seconds that the day's minutes leave to the call; null for no such limit. */
  secondsLeft: number | null;
  /** What the leg is to carry for a store that is away, or "". */
  note: string;
}

/**
 * Answers the dialplan's questions: feeds the call machine and carries out its effects.
 *
 * Holds nothing between questions. All state is in the channel's variables and in the store, so any
 * controller can answer the next question of any call.
 */
export class CallRunner {
  readonly #options: CallRunnerOptions;

  constructor(options: CallRunnerOptions) {
    this.#options = options;
  }

  /** Rejects when the store cannot be reached; the dialplan's preset step then goes on. */
  async decide(question: Question, signal?: AbortSignal): Promise<Answer> {
    const dialled = question.kind === 'first-party-answered' ? question.number : question.dialled;
    const number = parseE164(dialled, this.#options.defaultCountry);
    if (number === null || !isE164(number)) return { next: 'refuse', cause: 'UNALLOCATED_NUMBER' };
    const { callerNumber, fromUser, privacy, hidden } = question;
    const caller = callerOf(
      { number: callerNumber, fromUser, privacy, hidden },
      this.#options.defaultCountry,
    );
    const call: CallInHand = {
      question,
      signal,
      number,
      caller,
      routes: null,
      match: null,
      recording: '',
      secondsLeft: null,
      note: '',
    };
    return this.#run(call, await this.#opening(call));
  }

  /** The state that the question finds the call in, and the event that it stands for. */
  async #opening(call: CallInHand): Promise<{ state: CallState; event: CallEvent }> {
    const { store, sessions, now } = this.#options;
    const { question, number, caller } = call;
    switch (question.kind) {
      case 'inbound': {
        const at = now();
        call.routes = await store.route(number, caller, at);
        const event = this.#judged(call, call.routes, at);
        // Only now it is known whose call it is.
        this.#trace(call, { step: 'received', caller }, at);
        return { state: { stage: 'received' }, event };
      }
      case 'digits':
        return this.#digitsKeyed(call);
      case 'first-party-answered': {
        const [found, routes] = await Promise.all([
          sessions.get(question.sessionId),
          store.route(number, ANONYMOUS, now()),
        ]);
        call.routes = routes;
        const live = found !== null && isLive(found.session, now());
        const match: Match | null = live ? { session: found.session, party: 'first' } : null;
        const reaches = match !== null && targetOf(match) !== null;
        call.match = match;
        const event: CallEvent = { type: 'first-party-answered', match: reaches ? match : null };
        return { state: { stage: 'received' }, event };
      }
    }
  }

  async #digitsKeyed(call: CallInHand): Promise<{ state: CallState; event: CallEvent }> {
    const { store, now } = this.#options;
    const { question, number, caller } = call;
    const at = now();
    const [routes, check] = await Promise.all([
      store.route(number, caller, at),
      question.promptFailed ? null : this.#check(call, at),
    ]);
    call.routes = routes;
    call.match = check?.result === 'matched' ? check.match : null;
    this.#traceKeyed(call, check, at);
    if (routes.pinGate === null && check?.result !== 'matched') {
      // The last PIN session ended while the caller was keying: decide afresh.
      return { state: { stage: 'received' }, event: this.#judged(call, routes, at) };
    }
    const gate = routes.pinGate ?? { promptPlay: '', incorrectPlay: '', retry: 0, retryWait: 5, lengths: [] };
    return {
      state: {
        stage: 'prompting',
        keyed: question.keyed,
        attempt: Math.max(1, question.attempt),
        failures: question.promptFailures,
        gate,
      },
      event: check === null ? { type: 'prompt-failed' } : { type: 'pin-checked', check, caller },
    };
  }

  /** By the rules, at `at` (milliseconds since the epoch). */
  #judged(call: CallInHand, routes: NumberRoutes, at: number): CallEvent {
    const { rule, resolution, passed } = judge(call.caller, routes, at);
    call.match = routes.matched;
    this.#trace(call, { step: 'decided', rule, passed, party: routes.matched?.party ?? null }, at);
    return { type: 'resolved', resolution };
  }

  #traceKeyed(call: CallInHand, check: PinCheck | null, at: number): void {
    const { keyed, digits, attempt } = call.question;
    const looked = check?.result === 'wrong' && digits === '' ? 'missing' : check?.result;
    const result = looked ?? 'unplayable';
    const party = call.match?.party ?? null;
    this.#trace(call, { step: 'keyed', keyed, attempt: Math.max(1, attempt), result, party }, at);
  }

  #trace({ question, number, routes, match }: CallInHand, event: TraceEvent, at: number): void {
    const did = routes?.number ?? null;
    this.#options.tracer.note(
      {
        id: question.uuid,
        node: question.node,
        // What was dialled may be anybody's number: only one of ours may stand in clear.
        number: did === null ? null : number,
        sessionId: match?.session.id ?? null,
        accountId: match?.session.accountId ?? did?.subaccount ?? '',
      },
      event,
      at,
    );
  }

  async #check({ question, number, caller }: CallInHand, at: number): Promise<PinCheck> {
    const { store, meter } = this.#options;
    const attempt = { callId: question.uuid, number: Math.max(1, question.attempt) };
    const check = await (question.keyed === 'pin'
      ? store.checkPin(number, caller, question.digits, at, attempt)
      : store.checkOwnDigits(number, caller, question.digits, at, attempt));
    meter.pinChecked(check.result);
    return check;
  }

  async #run(call: CallInHand, opening: { state: CallState; event: CallEvent }): Promise<Answer> {
    let { state, event } = opening;
    // A claim is the only effect that leads to another event, and a claimed call never claims again.
    for (;;) {
      const result = step(state, event);
      state = result.state;
      const [effect] = result.effects;
      if (effect?.type !== 'claim') return this.#answer(call, effect);
      event = await this.#claim(call, effect.match);
    }
  }

  async #claim(call: CallInHand, match: Match): Promise<CallEvent> {
    const { claims, now } = this.#options;
    const { session } = match;
    const target = targetOf(match);
    if (target === null) throw new TypeError('A call was to be claimed that reaches nobody.');
    const at = now();
    const id = call.question.uuid;
    call.recording = session.settings.record ? `${id}.${session.settings.recordFileFormat}` : '';
    const start: InteractionStart = {
      id,
      sessionId: session.id,
      accountId: session.accountId,
      number: session.virtualNumber,
      node: call.question.node,
      caller: match.party,
      people: peopleOf(call, match, target),
      tells: tellsOf(call.question.kind, session),
      startedAt: at,
      claimUntil: at + claimDurationMs(session.settings),
      recording: call.recording,
      takesPlace: partyNumber(session, match.party) === null,
    };
    const parameter = otherParty(match.party) === 'first' ? 'first_party' : 'second_party';
    call.match = match;
    const { result, secondsLeft, note, why } = await claims.claim(
      start,
      [{ parameter, number: target }],
      session,
      call.signal,
    );
    call.secondsLeft = secondsLeft;
    call.note = note;
    this.#trace(call, { step: 'claimed', result, party: match.party, why }, now());
    return { type: 'claimed', match, result };
  }

  #answer(call: CallInHand, effect: CallEffect | undefined): Answer {
    if (effect === undefined || !isAnswering(effect)) {
      throw new TypeError(`A question of kind ${call.question.kind} led to no answer.`);
    }
    const context: AnswerContext = {
      interactionId: call.question.uuid,
      recording: this.#recordingOf(call, effect),
      preferredTrunk: call.routes?.number?.trunk ?? '',
      secondsLeft: call.secondsLeft,
      note: call.note,
    };
    if (effect.type === 'refuse' || effect.type === 'announce') this.#note(call, effect);
    const answer = answerFor(effect, context, this.#options);
    this.#trace(call, toldOf(effect, answer), this.#options.now());
    return answer;
  }

  /** The interaction keeps the name, so that a recording which there was no room for is entered as failed. */
  #recordingOf(call: CallInHand, effect: AnsweringEffect): string {
    if (call.recording === '' || effect.type !== 'dial' || this.#options.mayRecord()) return call.recording;
    this.#options.log.warn({ call: call.question.uuid }, 'too little space: a call is not recorded');
    return '';
  }

  /** A call that leads nowhere leaves no interaction; the log says why. */
  #note(call: CallInHand, effect: Extract<CallEffect, { type: 'refuse' | 'announce' }>): void {
    const why = effect.type === 'refuse' ? effect.reason : effect.announcement;
    this.#options.meter.unconnected(why);
    const { question, number, routes } = call;
    const session = routes?.matched?.session.id;
    // What was dialled may be anybody's number: only one of ours may stand in clear.
    const did = routes?.number == null ? undefined : number;
    this.#options.log.info({ call: question.uuid, did, session, why }, 'a call was not connected');
  }
}

/** What an answer has FreeSWITCH do with the call. */
function toldOf(effect: AnsweringEffect, answer: Answer): TraceEvent {
  switch (effect.type) {
    case 'prompt': {
      const { keyed, attempt, afterWrong } = effect;
      return { step: 'prompted', keyed, attempt, afterWrong };
    }
    case 'dial':
      return { step: 'dialed', leg: 'b', trunks: answer.next === 'connect' ? answer.trunks : [] };
    case 'announce':
      return { step: 'announced', announcement: effect.announcement, cause: causeOf(effect) };
    case 'refuse':
      return { step: 'refused', reason: effect.reason, cause: causeOf(effect) };
  }
}

function peopleOf(
  { question, caller }: CallInHand,
  { session, party }: Match,
  target: E164,
): InteractionPeople {
  const aWasCalled = question.kind === 'first-party-answered';
  const calling = caller.kind === 'number' ? caller.number : null;
  return {
    a: aWasCalled ? partyNumber(session, party) : calling,
    b: target,
    aWasCalled,
  };
}

function tellsOf(kind: Question['kind'], session: MaskingSession): InteractionStart['tells'] {
  if (kind === 'digits') return 'answer';
  return kind === 'inbound' && session.pin !== null ? 'pin-authorized' : null;
}

/** How long a claim on a session may last at most, whatever events are lost, in milliseconds. */
export function claimDurationMs(settings: { ringTimeout: number; callTimeLimit: number }): number {
  return (settings.ringTimeout + settings.callTimeLimit) * 1000 + DIALING_MARGIN_MS + WHISPER_MARGIN_MS;
}
