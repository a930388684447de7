import { refusalOf, SHORTEST_CALL, type CallLimit } from '../masking/call-limits.js';
import type { Caller } from '../masking/caller.js';
import type { DestinationProblem } from '../masking/destinations.js';
import { ownDigitsOf } from '../masking/pin-guard.js';
import type { E164 } from '../masking/phone-number.js';
import {
  judge,
  targetOf,
  type CallRule,
  type Match,
  type NumberRoutes,
  type PassedRule,
} from '../masking/resolve.js';
import type { VirtualNumber } from '../masking/virtual-number.js';
import { isAnswering, trunksInOrder, type AnsweringEffect } from './answers.js';
import { step, type CallEffect, type CallEvent, type CallState, type ClaimResult } from './machine.js';
import type { Admission, CallLooks, PinCheck, PinLook } from './ports.js';

/** A call that nobody places. */
export interface RehearsedCall {
  readonly caller: Caller;
  readonly number: E164;
  /** What the caller would key; "" for nothing yet. */
  readonly pin: string;
  /** Whether who asks sees what belongs to an account: sessions that are not seen are not there. */
  readonly sees: (accountId: string) => boolean;
  /** The digits of their own number that they would key if they were asked for them; "" for nothing yet. */
  readonly ownDigits: string;
}

/** What a keyed PIN led to. `asked`: digits of the caller's own number are wanted, and were not given. */
export type RehearsedPin = PinCheck['result'] | null;

/** What would happen to a call, and why. */
export interface Rehearsal {
  readonly number: VirtualNumber | null;
  /** The rules that were asked before the one that decided. */
  readonly passed: readonly PassedRule[];
  readonly rule: CallRule;
  /** Null when no PIN was keyed, or none was wanted. */
  readonly pin: RehearsedPin;
  /** True when the PIN alone was not enough, because too many were guessed. */
  readonly askedForOwnDigits: boolean;
  /** The session that the call is about, and who the caller is in it. */
  readonly match: Match | null;
  readonly outcome: AnsweringEffect;
  /** Whom it would ring; null for nobody. */
  readonly target: E164 | null;
  /** Names of the trunks that would be tried, in their order. */
  readonly trunks: readonly string[];
  /** The limit by which it is refused. */
  readonly limit: CallLimit | null;
  /** Why the target may not be called. */
  readonly destination: DestinationProblem | null;
  /** Seconds that it may last; null for a call that reaches nobody. */
  readonly lastsAtMost: number | null;
}

export interface RehearsalsOptions {
  readonly looks: CallLooks;
  readonly admissions: { look(accountId: string, node: string, now: number): Promise<Admission> };
  readonly destinations: { problemOf(number: E164): Promise<DestinationProblem | null> };
  /** Names of the nodes that a call may come in at. */
  readonly nodes: () => Promise<readonly string[]>;
  /** Trunk names in order of preference. */
  readonly trunks: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What a claim would come to. */
interface ClaimLook {
  readonly result: ClaimResult;
  readonly limit: CallLimit | null;
  readonly destination: DestinationProblem | null;
  readonly secondsLeft: number | null;
}

/**
 * Takes a call through the rules and the call machine as a real one, and takes, counts and tells nothing: what would
 * happen to it now?
 */
export class Rehearsals {
  readonly #options: RehearsalsOptions;

  constructor(options: RehearsalsOptions) {
    this.#options = options;
  }

  /** Rejects when the store cannot be reached. */
  async rehearse(call: RehearsedCall): Promise<Rehearsal> {
    const { looks, trunks, now } = this.#options;
    const { caller, number } = call;
    const at = now();
    const routes = seenOf(await looks.route(number, caller, at), call);
    const { rule, resolution, passed } = judge(caller, routes, at);
    let { state, effects } = step({ stage: 'received' }, { type: 'resolved', resolution });
    const keyed = effects[0]?.type === 'prompt' ? await this.#keyed(call, state, at) : null;
    if (keyed !== null) ({ state, effects } = step(keyed.state, keyed.event));
    let claim: ClaimLook | null = null;
    const [claims] = effects;
    const claimed = claims?.type === 'claim' ? claims.match : null;
    if (claimed !== null) {
      claim = await this.#claim(claimed, at);
      ({ effects } = step(state, { type: 'claimed', match: claimed, result: claim.result }));
    }
    const match = claimed ?? keyed?.match ?? routes.matched;
    const outcome = answering(effects[0]);
    const target = outcome.type === 'dial' ? targetOf(outcome.match) : null;
    return {
      number: routes.number,
      passed,
      rule,
      pin: keyed?.result ?? null,
      askedForOwnDigits: keyed?.asked ?? false,
      match,
      outcome,
      target,
      trunks: outcome.type === 'dial' ? trunksInOrder(routes.number?.trunk ?? '', trunks) : [],
      limit: claim?.limit ?? null,
      destination: claim?.destination ?? null,
      lastsAtMost:
        outcome.type === 'dial'
          ? Math.min(outcome.match.session.settings.callTimeLimit, claim?.secondsLeft ?? Infinity)
          : null,
    };
  }

  /** What comes of the digits that the caller would key; null when none are given. */
  async #keyed(
    { caller, number, pin, ownDigits, sees }: RehearsedCall,
    prompting: CallState,
    at: number,
  ): Promise<{
    readonly state: CallState;
    readonly event: CallEvent;
    readonly result: RehearsedPin;
    readonly asked: boolean;
    readonly match: Match | null;
  } | null> {
    if (pin === '') return null;
    const look = seenPin(await this.#options.looks.lookAtPin(number, caller, pin, at), sees);
    const check = afterOwnDigits(look, ownDigits);
    return {
      state: prompting,
      event: { type: 'pin-checked', check, caller },
      result: check.result,
      asked: look.result === 'asked',
      match: check.result === 'matched' ? check.match : null,
    };
  }

  async #claim(match: Match, at: number): Promise<ClaimLook> {
    const { looks, destinations } = this.#options;
    const { session } = match;
    const target = targetOf(match);
    const look = { limit: null, destination: null, secondsLeft: null };
    if (target === null) throw new TypeError('A call was to be claimed that reaches nobody.');
    const destination = await destinations.problemOf(target);
    if (destination !== null) return { ...look, result: 'destination', destination };
    const [begun, isOurs, admission] = await Promise.all([
      looks.lookAtClaim(session, at),
      looks.isVirtualNumber(target),
      this.#admission(session.accountId, at),
    ]);
    if (begun === 'busy' || begun === 'gone') return { ...look, result: begun };
    if (begun !== 'begun') return { ...look, result: refusalOf(begun), limit: begun };
    if (isOurs) return { ...look, result: 'loop' };
    if (admission.limit !== null) {
      return { ...look, result: refusalOf(admission.limit), limit: admission.limit };
    }
    const { secondsLeft } = admission;
    return {
      ...look,
      result: 'begun',
      secondsLeft: secondsLeft === null ? null : Math.max(SHORTEST_CALL, secondsLeft),
    };
  }

  /** By the node that is best for the call: which one it would come in at is not known. */
  async #admission(accountId: string, at: number): Promise<Admission> {
    const { admissions, nodes } = this.#options;
    const names = await nodes();
    const looked = await Promise.all(
      (names.length === 0 ? [''] : names).map((node) => admissions.look(accountId, node, at)),
    );
    return looked.find(({ limit }) => limit === null) ?? looked[0] ?? { limit: null, secondsLeft: null };
  }
}

function seenOf(routes: NumberRoutes, { sees }: RehearsedCall): NumberRoutes {
  const { matched, open } = routes;
  return {
    ...routes,
    matched: matched !== null && sees(matched.session.accountId) ? matched : null,
    open: open !== null && sees(open.session.accountId) ? open : null,
  };
}

/** A PIN of a session that is not seen is as wrong as any other, or asking would be a way to guess it. */
function seenPin(look: PinLook, sees: RehearsedCall['sees']): PinLook {
  switch (look.result) {
    case 'matched':
      return sees(look.match.session.accountId) ? look : { result: 'wrong' };
    case 'asked':
      return look.match !== null && sees(look.match.session.accountId) ? look : { ...look, match: null };
    case 'wrong':
    case 'refused':
      return look;
  }
}

/** What the digits of the caller's own number make of a PIN that was not enough. */
function afterOwnDigits(look: PinLook, ownDigits: string): PinCheck {
  if (look.result !== 'asked') return look;
  if (ownDigits === '') return { result: 'asked' };
  const { match, mayAnswer } = look;
  const isRight = match !== null && mayAnswer && ownDigitsOf(match.session, match.party) === ownDigits;
  return isRight ? { result: 'matched', match } : { result: 'wrong' };
}

function answering(effect: CallEffect | undefined): AnsweringEffect {
  if (effect === undefined || !isAnswering(effect)) throw new TypeError('A rehearsed call led to no answer.');
  return effect;
}
