import type { Lane } from './bed.js';

/** One call scenario. It is written once and runs on the simulated and on the real FreeSWITCH. */
export interface Scenario {
  readonly name: string;
  run(lane: Lane): Promise<void>;
}

export const PIN = '1234';
export const SECOND_PIN = '5678';

/** API parameters of a session that asks for PINs. */
export function pinSession(lane: Lane, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    is_pin_authentication_required: true,
    first_party_pin: PIN,
    second_party_pin: SECOND_PIN,
    pin_prompt_play: lane.audioUrl('pin-prompt'),
    incorrect_pin_play: lane.audioUrl('pin-wrong'),
    pin_retry: 1,
    pin_retry_wait: 5,
    ...more,
  };
}
