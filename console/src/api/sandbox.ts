import type { Client } from './client.js';

export const PHONE_HABITS = [
  'answer',
  'ring',
  'busy',
  'reject',
  'unreachable',
  'not_assigned',
  'silent',
] as const;
export type PhoneHabit = (typeof PHONE_HABITS)[number];

/** What a phone does with calls; seconds. */
export interface PhoneBehaviour {
  readonly does: PhoneHabit;
  readonly after?: number;
  readonly talk?: number;
}

interface Heard {
  readonly heard: readonly { readonly name: string; readonly completed: boolean }[];
  readonly digits_heard: string;
}

/** A call that somebody placed. */
export interface PlacedCall extends Heard {
  readonly uuid: string;
  readonly from: string;
  readonly to: string;
  readonly state: 'calling' | 'ringing' | 'answered' | 'ended';
  readonly status: number | null;
  readonly ended_by: 'caller' | 'maskline' | null;
  readonly talk_seconds: number | null;
}

/** A call that a phone got. */
export interface ReceivedCall extends Heard {
  readonly uuid: string;
  readonly state: 'ringing' | 'answered' | 'ended';
  readonly caller_number: string;
  readonly caller_name: string;
  readonly ended_by: 'phone' | 'maskline' | null;
}

export interface SandboxState {
  readonly time: string;
  readonly speed: number;
  readonly virtual_numbers: readonly string[];
  readonly phones: readonly ({ readonly number: string } & PhoneBehaviour)[];
  readonly calls: readonly PlacedCall[];
}

export interface PhoneState {
  readonly number: string;
  readonly behaviour: PhoneBehaviour | null;
  readonly calls: readonly ReceivedCall[];
}

/** The phones, trunk and time of the sandbox: docs/sandbox.md. All of it throws RequestFailure. */
export class SandboxApi {
  constructor(private readonly client: Client) {}

  state = (): Promise<SandboxState> => this.client.get('/sandbox/');

  phone = (number: string): Promise<PhoneState> => this.client.get(phonePath(number));

  behave = (number: string, behaviour: PhoneBehaviour): Promise<unknown> =>
    this.client.post(phonePath(number), behaviour);

  answer = (number: string): Promise<unknown> => this.client.post(`${phonePath(number)}Answer/`);

  /** Rejects a call that rings. */
  hangUpPhone = (number: string): Promise<unknown> => this.client.post(`${phonePath(number)}HangUp/`);

  pressAtPhone = (number: string, keys: string): Promise<unknown> =>
    this.client.post(`${phonePath(number)}Keys/`, { keys });

  place = (from: string, to: string): Promise<PlacedCall> => this.client.post('/sandbox/Call/', { from, to });

  press = (uuid: string, keys: string): Promise<unknown> =>
    this.client.post(`/sandbox/Call/${encodeURIComponent(uuid)}/Keys/`, { keys });

  hangUp = (uuid: string): Promise<unknown> =>
    this.client.delete(`/sandbox/Call/${encodeURIComponent(uuid)}/`);

  /** `seconds` pass at once. */
  advance = (seconds: number): Promise<unknown> => this.client.post('/sandbox/Time/', { advance: seconds });

  setSpeed = (speed: number): Promise<unknown> => this.client.post('/sandbox/Time/', { speed });
}

function phonePath(number: string): string {
  return `/sandbox/Phone/${encodeURIComponent(number)}/`;
}
