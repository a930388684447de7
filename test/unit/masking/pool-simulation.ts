import { allocate, type AllocationCandidate, type AllocationRequest } from '../../../src/masking/allocate.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import type { PersonsLoad, PoolLoad } from '../../../src/masking/pool-plan.js';
import { Model } from '../../functional/store/model.js';

/** What came of the creates of a simulated load. */
export interface Simulated {
  readonly creates: number;
  /** Share that found no number. */
  readonly without: number;
  /** Share that came upon numbers with too many PINs only; a session is on one of them then. */
  readonly crowded: number;
}

export interface SimulationOptions {
  readonly numbers: number;
  /** Creates that are counted, after as many as `warmUp`. */
  readonly creates: number;
  readonly warmUp: number;
  readonly seed: number;
  /** Whether sessions last equally long instead of exponentially. */
  readonly isFixed?: boolean;
  /** PINs of one number that are too many. */
  readonly mostPins?: number;
}

/** Numbers that the chooser looks at when it may have all of them, and pairs of PINs that a claim tries. */
const DRAWN = 32;
const PIN_ATTEMPTS = 10;

interface Person {
  readonly number: E164;
  live: number;
  readonly lastUsed: Map<E164, number>;
  readonly heldUntil: Map<E164, number>;
}

interface Ending {
  readonly at: number;
  readonly people: readonly Person[];
  readonly number: E164;
  readonly pins: readonly string[];
}

/**
 * Creates as the store carries them out, in memory and by a clock of its own: the numbers come in the order of the real
 * `allocate`, which is told what the store remembers of the two persons, and the model of the store's rules decides.
 */
export function simulate(load: PoolLoad, options: SimulationOptions): Simulated {
  const random = seeded(options.seed);
  const numbers = Array.from({ length: options.numbers }, (_, index) => phone('1555', index));
  const roles = [peopleOf('4477', load.first), load.second === null ? null : peopleOf('4479', load.second)];
  // A model for each number: none looks through the sessions of another.
  const on = new Map(numbers.map((number) => [number, { model: new Model(), pins: new Set<string>() }]));
  const endings = new Heap();
  const cooling = load.coolOffSeconds * 1_000;
  const mean = load.sessionSeconds * 1_000;
  const gap = 3_600_000 / load.sessionsPerHour;
  let [now, asked, without, crowded, strangers] = [0, 0, 0, 0, 0];

  /** Somebody in that role who may ask for a session now; null for nobody. */
  const someone = (role: Person[] | null, { atOnce }: PersonsLoad): Person | null => {
    if (role === null) return personOf(phone('4478', (strangers += 1)));
    const person = role[Math.floor(random() * role.length)]!;
    return atOnce !== null && person.live >= atOnce ? null : person;
  };
  const over = (): void => {
    for (let next = endings.first(); next !== undefined && next.at <= now; next = endings.first()) {
      endings.take();
      for (const person of next.people) person.live -= 1;
      for (const pin of next.pins) on.get(next.number)!.pins.delete(pin);
    }
  };

  while (asked < options.warmUp + options.creates) {
    now += -Math.log(1 - random()) * gap;
    over();
    const first = someone(roles[0]!, load.first);
    const second = load.second === null ? undefined : someone(roles[1]!, load.second);
    if (first === null || second === null) continue;
    asked += 1;
    const isCounted = asked > options.warmUp;
    const people = second === undefined ? [first] : [first, second];
    const lasts = options.isFixed === true ? mean : -Math.log(1 - random()) * mean;
    const wanted = {
      first: first.number,
      second: second?.number ?? null,
      announces: false,
      cooloff: cooling,
    };
    let found = false;
    const order = ordered(numbers, first, second, now);
    for (const number of order) {
      const here = on.get(number)!;
      const pins = load.pinLength === null ? null : drawnPins(load.pinLength, here.pins, random);
      if (load.pinLength !== null && pins === null) continue;
      forgetOver(here.model, now);
      if (here.model.conflict({ ...wanted, pins }, number, now) !== '') continue;
      here.model.add({ ...wanted, pins, id: String(asked), number, created: now, expires: now + lasts });
      if (isCounted && options.mostPins !== undefined && here.pins.size + 2 > options.mostPins) crowded += 1;
      for (const pin of pins ?? []) here.pins.add(pin);
      for (const person of people) {
        person.live += 1;
        person.lastUsed.set(number, now);
        person.heldUntil.set(number, now + lasts + cooling);
      }
      endings.add({ at: now + lasts, people, number, pins: pins ?? [] });
      found = true;
      break;
    }
    if (!found && isCounted) without += 1;
  }
  return { creates: options.creates, without: without / options.creates, crowded: crowded / options.creates };

  function* ordered(
    all: readonly E164[],
    first: Person,
    second: Person | undefined,
    at: number,
  ): Generator<E164> {
    const isPin = load.pinLength !== null;
    const request: AllocationRequest = {
      firstParty: first.number,
      secondParty: second?.number ?? null,
      geomatch: false,
      subaccount: '',
      pinSession: isPin,
      now: at,
    };
    const candidate = (number: E164, livePins: number): AllocationCandidate => ({
      ...{ number, country: 'US', callingCode: '1', enabled: true, subaccount: '', livePins },
      lastUsedByFirst: first.lastUsed.get(number) ?? null,
      lastUsedBySecond: second?.lastUsed.get(number) ?? null,
      coolingUntilForFirst: first.heldUntil.get(number) ?? null,
      coolingUntilForSecond: second?.heldUntil.get(number) ?? null,
    });
    const pinsOn = (number: E164): number => on.get(number)!.pins.size;
    if (!isPin || all.length <= DRAWN) {
      yield* allocate(
        request,
        all.map((number) => candidate(number, isPin ? pinsOn(number) : 0)),
      );
      return;
    }
    const drawn = new Set<E164>();
    while (drawn.size < DRAWN) drawn.add(all[Math.floor(random() * all.length)]!);
    yield* allocate(
      request,
      [...drawn].map((number) => candidate(number, pinsOn(number))),
    );
    const rest = all.filter((number) => !drawn.has(number));
    yield* allocate(
      request,
      rest.map((number) => candidate(number, pinsOn(number))),
    );
  }
}

/** Takes the sessions out of which nothing follows any more. */
function forgetOver(model: Model, now: number): void {
  const { sessions } = model;
  for (let place = sessions.length - 1; place >= 0; place -= 1) {
    const { expires, cooloff } = sessions[place]!;
    if (now >= expires + cooloff) sessions.splice(place, 1);
  }
}

/** Uniform numbers from 0 up to 1 (mulberry32), the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function peopleOf(prefix: string, { persons }: PersonsLoad): Person[] | null {
  return persons === null
    ? null
    : Array.from({ length: persons }, (_, index) => personOf(phone(prefix, index)));
}

function personOf(number: E164): Person {
  return { number, live: 0, lastUsed: new Map(), heldUntil: new Map() };
}

function phone(prefix: string, index: number): E164 {
  return `+${prefix}${String(index).padStart(7, '0')}` as E164;
}

/** As a claim draws them: a pair that is free on the number, or null after ten that are not. */
function drawnPins(
  length: number,
  taken: ReadonlySet<string>,
  random: () => number,
): [string, string] | null {
  const digits = (): string => String(Math.floor(random() * 10 ** length)).padStart(length, '0');
  for (let attempt = 0; attempt < PIN_ATTEMPTS; attempt += 1) {
    const pair: [string, string] = [digits(), digits()];
    if (pair[0] !== pair[1] && !taken.has(pair[0]) && !taken.has(pair[1])) return pair;
  }
  return null;
}

/** The session that ends first, in a binary heap. */
class Heap {
  readonly #all: Ending[] = [];

  first(): Ending | undefined {
    return this.#all[0];
  }

  add(ending: Ending): void {
    const all = this.#all;
    all.push(ending);
    for (let place = all.length - 1; place > 0;) {
      const parent = (place - 1) >> 1;
      if (all[parent]!.at <= ending.at) break;
      [all[place], all[parent]] = [all[parent]!, ending];
      place = parent;
    }
  }

  take(): void {
    const all = this.#all;
    const last = all.pop();
    if (last === undefined || all.length === 0) return;
    all[0] = last;
    for (let place = 0; ;) {
      let least = place;
      for (const child of [2 * place + 1, 2 * place + 2]) {
        if (child < all.length && all[child]!.at < all[least]!.at) least = child;
      }
      if (least === place) return;
      [all[place], all[least]] = [all[least]!, all[place]!];
      place = least;
    }
  }
}
