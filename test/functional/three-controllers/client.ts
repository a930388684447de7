import type { Cluster } from './cluster.js';
import { DIGITS } from './cluster.js';
import type { Call, History, Known } from './history.js';

export const NUMBERS = [1, 2, 3, 4, 5, 6].map((index) => `+1555000900${index}`);
export const PEOPLE = Array.from({ length: 24 }, (_, index) => `+4477000${String(1000 + index)}`);
const PINS = Array.from({ length: 16 }, (_, index) => String(7000 + index));

/** What may keep a client from what it wants while others want the same. */
const REFUSALS = [
  'Number pool exhausted or not available.',
  'Session already expired',
  'Invalid parameter. first_party_pin or second_party_pin is in use on every virtual number available.',
  'Invalid parameter. first_party or second_party has another session on this virtual number.',
];
/** Milliseconds by which clocks of one machine, read one after the other, may seem to differ. */
const CLOCK = 50;

/** Numbers that look random and are the same for a seed (the order in which clients come is not). */
export function dice(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 12_345;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const now = (): number => performance.now();

/** Creates, fills in, prolongs, ends, lets expire and calls sessions, of people, PINs and numbers that all share. */
export class Client {
  readonly #cluster: Cluster;
  readonly #history: History;
  readonly #roll: (below: number) => number;
  readonly #index: number;
  readonly #own: Known[] = [];
  /** Answers that nobody should get. */
  readonly wrong: string[] = [];
  #strangers = 0;

  constructor(cluster: Cluster, history: History, seed: number, index: number) {
    this.#cluster = cluster;
    this.#history = history;
    this.#index = index;
    this.#roll = dice(seed + index);
  }

  async run(rounds: number, until: number): Promise<void> {
    for (let round = 0; round < rounds && now() < until; round += 1) {
      await this.#create();
      await this.#call();
      const victim = this.#own[this.#roll(Math.max(1, this.#own.length))];
      if (victim === undefined) continue;
      if (this.#roll(3) === 0) await this.#update(victim);
      else if (this.#roll(3) > 0) await this.#end(victim);
    }
  }

  async #create(): Promise<void> {
    const roll = this.#roll;
    const first = PEOPLE[roll(PEOPLE.length)]!;
    const others = PEOPLE.filter((person) => person !== first);
    const kind = (['plain', 'plain', 'plain', 'short', 'pins', 'generated', 'single', 'announcing'] as const)[
      roll(8)
    ]!;
    const second = kind === 'single' ? null : others[roll(others.length)]!;
    const pins = kind === 'pins' ? ([PINS[roll(8)]!, PINS[8 + roll(8)]!] as const) : null;
    const session: Known = {
      ...{ id: '', number: '', parties: [first, second], pins, announces: kind === 'announcing' },
      ...{ party: second === null ? first : null, askedAt: now(), answeredAt: Infinity },
      ...{ endAskedAt: Infinity, endedAt: Infinity, fill: null },
    };
    const wanted = {
      ...{ first_party: first, geomatch: false, session_expiry: 600 },
      ...(second === null ? { create_session_with_single_party: true } : { second_party: second }),
      ...(kind === 'announcing' ? { unknown_caller_play: this.#cluster.stack.audio.url('unknown') } : {}),
      ...(kind === 'pins' || kind === 'generated'
        ? { is_pin_authentication_required: true, pin_prompt_play: this.#cluster.stack.audio.url('pin') }
        : {}),
      ...(kind === 'generated' ? { generate_pin: true } : {}),
      ...(pins === null ? {} : { first_party_pin: pins[0], second_party_pin: pins[1] }),
    };
    this.#history.sessions.push(session);
    if (kind === 'short') return this.#createShort(session, wanted);
    const { status, body } = await this.#cluster.api(this.#anyone(), 'POST', '/Masking/Session/', wanted);
    if (!this.#isDone(status, 201, body)) {
      this.#withdraw(session);
      return;
    }
    const shown = body['session'] as Record<string, string>;
    session.id = String(body['session_uuid']);
    session.number = String(body['virtual_number']);
    if (kind === 'generated')
      session.pins = [shown['first_party_pin'] ?? '', shown['second_party_pin'] ?? ''];
    session.answeredAt = now();
    this.#own.push(session);
  }

  /** One whose time is over before the test is; the API would refuse it as too short. */
  async #createShort(session: Known, wanted: Record<string, unknown>): Promise<void> {
    const seconds = 1 + this.#roll(3);
    session.number = NUMBERS[this.#roll(NUMBERS.length)]!;
    try {
      const parameters = { ...wanted, virtual_number: session.number };
      session.id = await this.#cluster.store.createShort(parameters, { sessionExpiry: seconds });
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== 'ERR_NUMBER_POOL_EXHAUSTED') this.wrong.push(String(code));
      this.#withdraw(session);
      return;
    }
    session.answeredAt = now();
    session.endAskedAt = session.askedAt + seconds * 1000 - CLOCK;
    session.endedAt = session.answeredAt + seconds * 1000 + CLOCK;
  }

  async #update(session: Known): Promise<void> {
    const strangers = PEOPLE.filter((person) => person !== session.party);
    const fills = session.party !== null && session.fill === null && this.#roll(2) === 0;
    const who = strangers[this.#roll(strangers.length)]!;
    if (fills) session.fill = { who, askedAt: now(), answeredAt: Infinity };
    const change = { session_expiry: 900, ...(fills ? { second_party: who } : {}) };
    const { status, body } = await this.#cluster.api(
      this.#anyone(),
      'POST',
      `/Masking/Session/${session.id}/`,
      change,
    );
    const done = this.#isDone(status, 200, body);
    if (fills && done) session.fill = { ...session.fill!, answeredAt: now() };
    else if (fills) session.fill = null;
  }

  async #end(session: Known): Promise<void> {
    if (session.endAskedAt !== Infinity) return;
    session.endAskedAt = now();
    const { status, body } = await this.#cluster.api(
      this.#anyone(),
      'DELETE',
      `/Masking/Session/${session.id}/`,
    );
    this.#isDone(status, 200, body);
    session.endedAt = now();
  }

  /** A party, or somebody unknown with a PIN or without, calls a number that has a session. */
  async #call(): Promise<void> {
    const roll = this.#roll;
    const live = this.#history.live(now());
    const session = live[roll(Math.max(1, live.length))];
    if (session === undefined) return;
    const isParty = roll(3) > 0;
    const pin = !isParty && session.pins !== null ? session.pins[roll(2)]! : null;
    const people = session.parties.filter((who) => who !== null);
    const caller = isParty ? people[roll(people.length)]! : this.#stranger();
    const call: Call = {
      ...{ caller, number: session.number, pin, placedAt: now() },
      ...{ endedAt: Infinity, status: 0, reached: null },
    };
    this.#history.calls.push(call);
    const answer = await this.#cluster.call(roll(3), { from: caller, to: session.number, pin });
    Object.assign(call, answer, { endedAt: now() });
  }

  /** Somebody who never called before: nobody's wrong PINs are counted together. */
  #stranger(): string {
    this.#strangers += 1;
    return `+3361${String(this.#index).padStart(3, '0')}${String(2000 + 60 * this.#index + this.#strangers)}`;
  }

  #anyone(): number {
    return this.#roll(3);
  }

  #withdraw(session: Known): void {
    this.#history.sessions.splice(this.#history.sessions.indexOf(session), 1);
  }

  #isDone(status: number, wanted: number, body: Readonly<Record<string, unknown>>): boolean {
    if (status === wanted) return true;
    const error = String(body['error']);
    if (status !== 400 || !REFUSALS.includes(error)) this.wrong.push(`${status} ${error}`);
    return false;
  }
}

/** Who has these last digits. */
export function whoIs(digits: string, people: Iterable<string>): string | null {
  for (const person of people) if (person.slice(-DIGITS) === digits) return person;
  return null;
}
