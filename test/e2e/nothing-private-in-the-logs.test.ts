import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pinSession } from '../scenarios/scenario.js';
import { laneNumbers } from '../helpers/lane-numbers.js';
import { RealBed, type RealLane } from './helpers/real-bed.js';
import { SipAgent } from './helpers/sip-agent.js';
import { placeSipCall, register } from './helpers/sip-dialog.js';
import { withTwoPeople } from './helpers/two-people.js';
import { until } from '../helpers/until.js';

/** Long enough not to be in a log by chance, as four digits are in every instant and port. */
const PINS = { first: '90817263', second: '53942716', wrong: '71834265' };
/** Keyed as digits of the own number. Six digits may be a part of a hash or an instant: they count as a word. */
const OWN_DIGITS = '937164';
const SOFTPHONE_PASSWORD = 'a-softphone-password';
const { first: softphone, second: unlisted } = laneNumbers(20);

let bed: RealBed;
const lanes: RealLane[] = [];

beforeAll(async () => {
  bed = await RealBed.start({
    controllers: 1,
    lanes: 8,
    // FreeSWITCH's LOG_LEVEL stays as it is shipped.
    environment: { SOFTPHONE_PASSWORD, SOFTPHONE_NUMBERS: softphone.slice(1) },
    controllerEnvironment: { LOG_LEVEL: 'debug' },
  });
});

afterAll(() => bed.close());

async function newLane(): Promise<RealLane> {
  const lane = await bed.lane();
  lanes.push(lane);
  return lane;
}

/** What must not be seen: of every person the digits that all written forms of the number share. */
function secrets(): string[] {
  const people = lanes.flatMap((lane) => [lane.first, lane.second, lane.stranger]);
  return [...[...people, softphone, unlisted].map((number) => number.slice(-10)), ...Object.values(PINS)];
}

async function expectPrivate(file: string): Promise<string> {
  const text = await readFile(file, 'latin1');
  for (const secret of secrets()) {
    const line = text.split('\n').find((candidate) => candidate.includes(secret));
    expect(line, `${file} shows ${secret}`).toBeUndefined();
  }
  const own = new RegExp(`(?<![\\w.-])${OWN_DIGITS}(?![\\w.-])`);
  expect(own.exec(text), `${file} shows digits of a caller's own number`).toBeNull();
  return text;
}

/** A registered caller, recorded, with the number wherever a carrier may write it. */
async function recordedCall(): Promise<void> {
  const lane = await newLane();
  const session = await lane.session({ record: true, second_party_play_url: lane.audioUrl('for-second') });
  await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
  await lane.call({
    from: lane.first,
    displayName: `Anna ${lane.first}`,
    headers: { 'P-Asserted-Identity': `<sip:${lane.first}@carrier.example>` },
    steps: [{ wait: 2000 }, { hangup: true }],
  });
  await lane.interactions(session.id, 1);
}

/** A wrong PIN and then the right one. */
async function pinCall(): Promise<void> {
  const lane = await newLane();
  const pins = { first_party_pin: PINS.first, second_party_pin: PINS.second };
  const session = await lane.session(pinSession(lane, { ...pins, record: true }));
  await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
  await lane.call({
    from: lane.stranger,
    steps: [
      ...[{ wait: 1500 }, { press: PINS.wrong }, { wait: 3500 }],
      ...[{ press: PINS.first }, { wait: 3000 }, { hangup: true } as const],
    ],
  });
  await lane.interactions(session.id, 1);
}

/** Wrong PINs until more is asked for, and then the right PIN with digits that are not the caller's. */
async function guessingCall(): Promise<void> {
  const lane = await newLane();
  await lane.session(
    pinSession(lane, { first_party_pin: PINS.first, second_party_pin: PINS.second, pin_retry: 3 }),
  );
  const wrong = [1, 2, 3].flatMap(() => [{ wait: 3000 }, { press: PINS.wrong }]);
  const call = await lane.call({
    from: lane.stranger,
    steps: [...wrong, { wait: 3000 }, { press: PINS.first }, { wait: 2000 }, { press: OWN_DIGITS }],
  });
  expect(call.heard).toContain('own-digits');
}

/** B refuses, in both ways; and a stranger who has no session. */
async function failedCalls(): Promise<void> {
  for (const status of [486, 603] as const) {
    const lane = await newLane();
    const session = await lane.session();
    await lane.callee(lane.second, { kind: 'refuse', status, afterMs: 100 });
    await lane.call({ from: lane.first });
    await lane.call({ from: lane.stranger, displayName: lane.second });
    await lane.interactions(session.id, 1);
  }
}

/** Redis goes away while two people talk: whatever fails is logged. */
async function loseRedis(): Promise<void> {
  await withTwoPeople(bed, async (lane, people) => {
    lanes.push(lane);
    const session = await lane.session();
    const call = await people.connect();
    await bed.stack.redis.kill();
    await call.dialogA.hangUp();
    await lane.call({ from: lane.first, cancelAfterMs: 6000 });
    await bed.stack.redis.restart();
    await lane.interactions(session.id, 1);
  });
}

/** A softphone that registers, and attempts that are turned down, by FreeSWITCH and by the API. */
async function knockAtTheDoor(): Promise<void> {
  const lane = await newLane();
  await lane.session();
  const phone = await SipAgent.open(0, '127.0.0.2');
  const { sipPort, softphonePort } = bed.freeswitch;
  const user = softphone.slice(1);
  const [right, wrong] = [SOFTPHONE_PASSWORD, 'a-wrong-password'].map((password) => ({ user, password }));
  try {
    const registered = await register(phone, softphonePort, user, right!);
    expect(registered.status).toBe(200);
    await register(phone, softphonePort, user, wrong!);
    await register(phone, softphonePort, unlisted.slice(1), { ...right!, user: unlisted.slice(1) });
    for (const port of [sipPort, softphonePort]) {
      await placeSipCall(phone, { port, to: lane.second, from: lane.first });
    }
    for (const credentials of [wrong!, right!]) {
      await placeSipCall(phone, { port: softphonePort, to: lane.second, from: user, credentials });
    }
  } finally {
    phone.close();
  }
  for (const body of [
    { first_party: lane.first, second_party: `${lane.second}x` },
    { first_party: lane.first, second_party: lane.second, virtual_number: lane.stranger },
    {
      ...pinSession(lane),
      first_party: lane.first,
      second_party: lane.second,
      first_party_pin: PINS.first,
      second_party_pin: PINS.first,
    },
  ]) {
    const answer = await bed.stack.api('POST', '/Masking/Session/', body);
    expect(answer.status, JSON.stringify(answer.body)).toBeGreaterThanOrEqual(400);
  }
}

describe('after calls of every kind', () => {
  beforeAll(async () => {
    await Promise.all([recordedCall(), pinCall(), guessingCall(), failedCalls()]);
    await loseRedis();
    await knockAtTheDoor();
  });

  it("the controller's log tells of them at level debug, without a number or a PIN", async () => {
    const text = await expectPrivate(bed.stack.controllers[0]!.logFile);
    expect(text).toContain('a leg ended');
    expect(text).toContain('"level":"debug"');
    // Virtual numbers are public.
    expect(text).toContain(lanes[0]!.did);
  });

  it("FreeSWITCH's log at the shipped level shows no number and no PIN", async () => {
    const text = await expectPrivate(bed.freeswitch.logFile);
    // Of the very last calls, and what is said is there at once.
    expect(text).toContain("Can't find user [<digits>@softphone]");
  });

  // FreeSWITCH's warnings and errors name channels, and come at moments that no test can choose. The caller's has its number,
  // which is taken out on the way into the log (start-script-log.test.ts).
  it('the leg that is dialled is named after its call', async () => {
    let names: [name: string, uuid: string][] = [];
    await withTwoPeople(bed, async (lane, people) => {
      await lane.session();
      const call = await people.connect();
      const control = await bed.freeswitch.control();
      try {
        let uuids: string[] = [];
        // FreeSWITCH's own database lags a little, and keeps the first name.
        await until('both channels are shown', async () => {
          const { rows = [] } = JSON.parse(await control.api('show channels as json')) as {
            rows?: { uuid: string }[];
          };
          uuids = rows.map(({ uuid }) => uuid);
          return uuids.length === 2;
        });
        const dumps = await Promise.all(uuids.map((uuid) => control.api(`uuid_dump ${uuid}`)));
        names = dumps.map((dump, index) => [/^Channel-Name: (.*)$/m.exec(dump)?.[1] ?? '', uuids[index]!]);
      } finally {
        control.close();
      }
      await call.dialogA.hangUp();
    });
    const isOfB = ([name]: readonly string[]): boolean => name!.startsWith('maskline/');
    const [, call] = names.find((leg) => !isOfB(leg)) ?? [];
    // The caller's leg is the call's, by its UUID.
    expect(names.filter(isOfB).map(([name]) => name)).toEqual([`maskline/b/${call}`]);
  });

  it('names of recordings and prompts are ids and hashes', async () => {
    const recordings = await readdir(bed.stack.recordingsDir);
    expect(recordings).toHaveLength(2);
    for (const name of recordings)
      expect(name).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(wav|mp3)$/);
    const prompts = (await readdir(bed.stack.promptsDir)).filter((name) => name.endsWith('.wav'));
    expect(prompts.length).toBeGreaterThan(0);
    for (const name of prompts) expect(name).toMatch(/^[0-9a-f]{64}\.wav$/);
  });

  it('no CDR is left in the spool', async () => {
    await until('the spool is empty', async () => (await readdir(bed.stack.cdrDir)).length === 0, 30_000);
  });
});
