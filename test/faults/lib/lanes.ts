import { createHash } from 'node:crypto';
import type { LoadCall } from './call.js';

/** Sessions on one virtual number. */
const PER_NUMBER = 20;
/** Creates under way at once. */
const AT_ONCE = 10;

export type LaneKind = 'registered' | 'pin';

/** Two people with a session, and a stranger who knows their PINs; one call at a time. */
export interface LoadLane {
  readonly index: number;
  readonly kind: LaneKind;
  readonly did: string;
  readonly first: string;
  readonly second: string;
  /** Who calls with a PIN. */
  readonly stranger: string;
  readonly firstPin: string;
  readonly secondPin: string;
  /** "" for none. */
  readonly record: '' | 'wav' | 'mp3';
  readonly sessionId: string;
  current: LoadCall | null;
}

export interface LaneOptions {
  readonly count: number;
  /** Share of lanes whose callers are asked for a PIN, 0 to 1. */
  readonly pinShare: number;
  /** Share of lanes that are recorded, 0 to 1. */
  readonly recordShare: number;
  readonly callbackUrl: string;
  readonly promptUrl: string;
  readonly trunk: string;
  /** Seconds. */
  readonly expiry: number;
  readonly api: (method: string, path: string, body?: unknown) => Promise<{ status: number; body: unknown }>;
}

/** Adds the virtual numbers and creates the sessions. Throws when the API refuses one. */
export async function createLanes(options: LaneOptions): Promise<LoadLane[]> {
  const pins = Math.round(options.count * options.pinShare);
  const plans = Array.from({ length: options.count }, (_, index) => planOf(index, index < pins, options));
  for (const did of new Set(plans.map((plan) => plan.did))) {
    await expectStatus(201, options.api('POST', '/Number/', { number: did, trunk: options.trunk }));
  }
  const lanes: LoadLane[] = [];
  for (let from = 0; from < plans.length; from += AT_ONCE) {
    lanes.push(
      ...(await Promise.all(plans.slice(from, from + AT_ONCE).map((plan) => create(plan, options)))),
    );
  }
  return lanes;
}

type LanePlan = Omit<LoadLane, 'sessionId' | 'current'>;

function planOf(index: number, pin: boolean, { recordShare }: LaneOptions): LanePlan {
  const digits = String(index).padStart(6, '0');
  // Lanes with and without PINs have numbers of their own: a stranger on a number is asked for a PIN.
  const number = `${pin ? '1' : '2'}${String(Math.floor(index / PER_NUMBER)).padStart(6, '0')}`;
  // Six digits, unlike for every lane and party: a prime step through all of them.
  const key = (party: number): string =>
    String(((index * 2 + party) * 700_001 + 104_729) % 1_000_000).padStart(6, '0');
  const recorded = (index * 7) % 10 < recordShare * 10;
  return {
    index,
    kind: pin ? 'pin' : 'registered',
    did: `+1555${number}`,
    // Mobile numbers of countries that may be called unless somebody says otherwise.
    first: `+4474${digits}71`,
    second: `+49151${digits}52`,
    stranger: `+336${digits}93`,
    firstPin: pin ? key(0) : '',
    secondPin: pin ? key(1) : '',
    record: recorded ? (index % 2 === 0 ? 'wav' : 'mp3') : '',
  };
}

async function create(plan: LanePlan, options: LaneOptions): Promise<LoadLane> {
  const { body } = await expectStatus(
    201,
    options.api('POST', '/Masking/Session/', {
      first_party: plan.first,
      second_party: plan.second,
      virtual_number: plan.did,
      geomatch: false,
      session_expiry: options.expiry,
      callback_url: options.callbackUrl,
      ...(plan.record === ''
        ? {}
        : { record: true, record_file_format: plan.record, recording_callback_url: options.callbackUrl }),
      ...(plan.kind === 'registered'
        ? {}
        : {
            is_pin_authentication_required: true,
            first_party_pin: plan.firstPin,
            second_party_pin: plan.secondPin,
            pin_prompt_play: options.promptUrl,
          }),
    }),
  );
  return { ...plan, sessionId: String((body as Record<string, unknown>)['session_uuid']), current: null };
}

async function expectStatus(
  wanted: number,
  answer: Promise<{ status: number; body: unknown }>,
): Promise<{ status: number; body: unknown }> {
  const got = await answer;
  if (got.status === wanted) return got;
  throw new Error(`the API answered ${got.status}: ${JSON.stringify(got.body)}`);
}

/** A number from 0 to 1 that depends on the seed and the position only, so that a run can be repeated. */
export function drawn(seed: string, position: number): number {
  return createHash('sha256').update(`${seed}:${position}`).digest().readUInt32BE(0) / 0x1_0000_0000;
}
