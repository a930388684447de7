import type {
  BeginResult,
  CallStore,
  InteractionStart,
  LegAddress,
  LegProgress,
  LiveInteraction,
  OpenLeg,
  PinCheck,
} from '../../src/calls/ports.js';
import type { Interaction, InteractionStage, LegRecord } from '../../src/masking/interaction.js';
import type { NumberRoutes } from '../../src/masking/resolve.js';
import { routes } from './sessions.js';

/** A call store that answers what a test tells it to, and keeps what it was told. */
export class FakeCallStore implements CallStore {
  routes: NumberRoutes = routes();
  pin: PinCheck = { result: 'wrong' };
  beginResult: BeginResult = 'begun';
  live: LiveInteraction[] = [];
  open = new Map<string, readonly OpenLeg[]>();
  known: Interaction | null = null;
  failure: Error | null = null;
  ours: string[] = [];
  readonly begun: InteractionStart[] = [];
  readonly withdrawn: LegAddress[] = [];
  /** Interactions that were entered from what their legs carried. */
  readonly entered: { address: LegAddress; note: string }[] = [];
  readsNotes = true;
  /** False: legs were written before. */
  writes = true;
  readonly stages: InteractionStage[] = [];
  /** How many things each note of what was heard held. */
  readonly heard: number[] = [];
  readonly finished: { address: LegAddress; leg: LegRecord }[] = [];
  /** UUIDs of B legs. */
  readonly noted: string[] = [];
  readonly pinsChecked: string[] = [];
  readonly ownDigitsChecked: string[] = [];

  route(): Promise<NumberRoutes> {
    return this.#answer(this.routes);
  }

  checkPin(_number: unknown, _caller: unknown, digits: string): Promise<PinCheck> {
    this.pinsChecked.push(digits);
    return this.#answer(this.pin);
  }

  checkOwnDigits(_number: unknown, _caller: unknown, digits: string): Promise<PinCheck> {
    this.ownDigitsChecked.push(digits);
    return this.#answer(this.pin);
  }

  begin(start: InteractionStart): Promise<BeginResult> {
    this.begun.push(start);
    return this.#answer(this.beginResult);
  }

  noteOf({ id }: InteractionStart): string {
    return `note of ${id}`;
  }

  beginFromNote(address: LegAddress, note: string): Promise<boolean> {
    if (this.failure === null) this.entered.push({ address, note });
    return this.#answer(this.readsNotes);
  }

  withdraw(address: LegAddress): Promise<void> {
    this.withdrawn.push(address);
    return this.#answer(undefined);
  }

  progress(_address: LegAddress, ...heard: readonly LegProgress[]): Promise<void> {
    this.heard.push(heard.length);
    for (const { stage } of heard) if (stage !== null) this.stages.push(stage);
    return this.#answer(undefined);
  }

  noteLeg(_address: LegAddress, uuid: string): Promise<void> {
    this.noted.push(uuid);
    return this.#answer(undefined);
  }

  finishLeg(address: LegAddress, leg: LegRecord): Promise<boolean> {
    if (this.failure === null) this.finished.push({ address, leg });
    return this.#answer(this.writes);
  }

  liveInteraction(_node: string, id: string): Promise<LiveInteraction | null> {
    return this.#answer(this.live.find((interaction) => interaction.interactionId === id) ?? null);
  }

  isVirtualNumber(number: string): Promise<boolean> {
    return this.#answer(this.ours.includes(number));
  }

  openLegs(): Promise<ReadonlyMap<string, readonly OpenLeg[]>> {
    return this.#answer(this.open);
  }

  liveOn(): Promise<LiveInteraction[]> {
    return this.#answer(this.live);
  }

  interaction(): Promise<Interaction | null> {
    return this.#answer(this.known);
  }

  #answer<Value>(value: Value): Promise<Value> {
    return this.failure === null ? Promise.resolve(value) : Promise.reject(this.failure);
  }
}
