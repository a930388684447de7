import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Interaction } from '../../src/masking/interaction.js';
import { laneNumbers } from '../helpers/lane-numbers.js';
import { RealBed } from './helpers/real-bed.js';
import { headerOf } from './helpers/sip-messages.js';
import {
  answerSipCall,
  mediaPortIn,
  placeSipCall,
  register,
  type Credentials,
} from './helpers/sip-dialog.js';
import { Person, TONE_OF_A, TONE_OF_B } from './helpers/two-people.js';
import { until } from '../helpers/until.js';

const { first, second, stranger } = laneNumbers(1);
const PASSWORD = 'a-softphone-password';
const PIN = '1234';
const SECOND_PIN = '5678';
const WRONG_PIN = '4321';

/** A softphone's user id: its number without the +. */
const digits = (number: string): string => number.slice(1);
const credentials = (number: string, password = PASSWORD): Credentials => ({
  user: digits(number),
  password,
});

let bed: RealBed;
let tests = 0;
/** A virtual number that no other test uses. */
let did: string;
let caller: Person;
let called: Person;

beforeAll(async () => {
  bed = await RealBed.start({
    controllers: 1,
    lanes: 0,
    trunks: ['softphone'],
    environment: {
      SOFTPHONE_NUMBERS: [first, second, stranger].map(digits).join(','),
      SOFTPHONE_PASSWORD: PASSWORD,
      // Of trunks, and of no softphone: these have none.
      SIP_TRUNK_SRTP: 'mandatory',
    },
  });
});

afterAll(() => bed.close());

beforeEach(async () => {
  tests += 1;
  did = laneNumbers(tests).did;
  [caller, called] = await Promise.all([Person.withPhone(TONE_OF_A), Person.withPhone(TONE_OF_B)]);
  const answer = await register(
    called.sip,
    bed.freeswitch.softphonePort,
    digits(second),
    credentials(second),
  );
  expect(answer.status, answer.text).toBe(200);
  await create('/Number/', { number: did });
});

afterEach(async () => {
  // Without it the next test's call would ring this test's phone too.
  await register(called.sip, bed.freeswitch.softphonePort, digits(second), credentials(second), 0);
  await Promise.all([caller.close(), called.close()]);
});

async function create(path: string, body: Record<string, unknown>): Promise<Record<string, unknown>> {
  const answer = await bed.stack.api('POST', path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body as Record<string, unknown>;
}

/** A session between the first and the second party; answers its id. */
async function session(parameters: Record<string, unknown> = {}): Promise<string> {
  const created = await create('/Masking/Session/', {
    first_party: first,
    second_party: second,
    virtual_number: did,
    geomatch: false,
    ...parameters,
  });
  return String(created['session_uuid']);
}

async function pinSession(): Promise<string> {
  const [prompt, wrong] = ['softphone-prompt', 'softphone-wrong'].map((name) => bed.stack.audio.url(name));
  const id = await session({
    is_pin_authentication_required: true,
    first_party_pin: PIN,
    second_party_pin: SECOND_PIN,
    pin_prompt_play: prompt,
    incorrect_pin_play: wrong,
    pin_retry: 0,
  });
  await bed.stack.promptsReady([prompt, wrong]);
  return id;
}

async function ended(sessionId: string): Promise<Interaction> {
  let found: Interaction | undefined;
  await until('the interaction has ended with both legs', async () => {
    [found] = await bed.store.interactions(sessionId);
    return found?.stage === 'ended' && found.legs.length === 2;
  });
  return found!;
}

/** Calls the virtual number as `from` says, and proves to be `who`. */
function call(from: string, who?: Credentials): ReturnType<typeof placeSipCall> {
  return placeSipCall(caller.sip, {
    port: bed.freeswitch.softphonePort,
    to: did,
    from,
    rtpPort: caller.rtp.port,
    ...(who === undefined ? {} : { credentials: who }),
  });
}

const heard = (): string[] => bed.log.toCaller(did, 0).map((path) => bed.stack.audio.nameOf(path));

/** The called phone answers, the two hear each other, and the called one hangs up. */
async function talk(dialling: ReturnType<typeof placeSipCall>, sessionId: string): Promise<Interaction> {
  const [{ final }, { invite, dialog }] = await Promise.all([
    dialling,
    answerSipCall(called.sip, { user: digits(second), rtpPort: called.rtp.port }),
  ]);
  expect(final.status, final.text).toBe(200);
  expect(headerOf(invite.text, 'From')).toContain(`sip:${did}@`);
  caller.speak(mediaPortIn(final.text));
  called.speak(mediaPortIn(invite.text));
  await until('the two hear each other', () => caller.hears(TONE_OF_B) && called.hears(TONE_OF_A));
  await dialog.hangUp();
  await caller.sip.request('BYE');
  return ended(sessionId);
}

describe('two softphones', () => {
  it('call each other through the virtual number, and neither shows the other its number', async () => {
    const id = await session();
    const port = bed.freeswitch.softphonePort;
    const answer = await register(caller.sip, port, digits(first), credentials(first));
    expect(answer.status, answer.text).toBe(200);
    const interaction = await talk(call(digits(first), credentials(first)), id);
    expect(interaction).toMatchObject({ caller: 'first', endedBy: 'b' });
    expect(interaction.legs.find((leg) => leg.role === 'b')).toMatchObject({ trunk: 'softphone' });
    expect(called.sip.transcript).not.toContain(digits(first));
    expect(caller.sip.transcript).not.toContain(digits(second));
  });

  it('are who they authenticate as, whatever From says', async () => {
    const id = await session();
    const interaction = await talk(call(digits(stranger), credentials(first)), id);
    expect(interaction).toMatchObject({ caller: 'first' });
    expect(called.sip.transcript).not.toContain(digits(stranger));
  });

  it("do not reach a party under the other party's name", async () => {
    await session();
    const { final } = await call(digits(first), credentials(stranger));
    expect(final.status).toBeGreaterThanOrEqual(400);
    expect(called.sip.received.filter((message) => message.method === 'INVITE')).toEqual([]);
  });
});

describe('a softphone that is in no session', () => {
  it('reaches the second party with the PIN of the first', async () => {
    const id = await pinSession();
    const { final, dialog } = await call(digits(stranger), credentials(stranger));
    expect(final.status, final.text).toBe(200);
    const mediaPort = mediaPortIn(final.text);
    await until('the prompt plays', () => heard().length === 1);
    await caller.press(PIN, mediaPort);
    const b = await answerSipCall(called.sip, { user: digits(second), rtpPort: called.rtp.port });
    expect(headerOf(b.invite.text, 'From')).toContain(`sip:${did}@`);
    caller.speak(mediaPort);
    called.speak(mediaPortIn(b.invite.text));
    await until('the two hear each other', () => caller.hears(TONE_OF_B) && called.hears(TONE_OF_A));
    await dialog!.hangUp();
    await called.sip.request('BYE');
    expect(await ended(id)).toMatchObject({ caller: 'first', endedBy: 'a' });
    expect(called.sip.transcript).not.toContain(digits(stranger));
  });

  it('reaches nobody with a wrong PIN', async () => {
    await pinSession();
    const { final } = await call(digits(stranger), credentials(stranger));
    expect(final.status, final.text).toBe(200);
    await until('the prompt plays', () => heard().length === 1);
    await caller.press(WRONG_PIN, mediaPortIn(final.text));
    await caller.sip.request('BYE');
    expect(heard()).toEqual(['softphone-prompt', 'softphone-wrong']);
    expect(called.sip.received.filter((message) => message.method === 'INVITE')).toEqual([]);
  });
});

describe('a stranger at the softphone profile', () => {
  it('is challenged, and no call begins', async () => {
    await session();
    const { final } = await call(digits(first));
    expect([401, 407]).toContain(final.status);
  });

  it('is refused with a wrong password', async () => {
    await session();
    const { final } = await call(digits(first), credentials(first, 'a-wrong-password'));
    expect([401, 403, 407]).toContain(final.status);
    expect(called.sip.received.filter((message) => message.method === 'INVITE')).toEqual([]);
  });

  it('cannot register as somebody else, nor with a wrong password', async () => {
    const port = bed.freeswitch.softphonePort;
    const asAnother = await register(caller.sip, port, digits(first), credentials(stranger));
    expect(asAnother.status).toBeGreaterThanOrEqual(400);
    const wrong = await register(caller.sip, port, digits(first), credentials(first, 'a-wrong-password'));
    expect(wrong.status).toBeGreaterThanOrEqual(400);
  });
});
