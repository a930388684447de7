import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { laneNumbers } from '../helpers/lane-numbers.js';
import { until } from '../helpers/until.js';
import { pinSession } from '../scenarios/scenario.js';
import { RealBed, type RealLane } from './helpers/real-bed.js';
import { SipAgent } from './helpers/sip-agent.js';
import { placeSipCall, register } from './helpers/sip-dialog.js';

const SOFTPHONE_PASSWORD = 'a-softphone-password';
const { first: phone, second: absent, stranger: unknown } = laneNumbers(20);
/** Short enough to be left as they are. */
const PINS = { first: '907163', second: '539416', wrong: '281706' };

let bed: RealBed;
const lanes: RealLane[] = [];
let said: string;

const digits = (number: string): string => number.slice(1);

async function newLane(): Promise<RealLane> {
  const lane = await bed.lane();
  lanes.push(lane);
  return lane;
}

/** Somebody's softphone is called that has not registered. */
async function nobodyIsAtThePhone(): Promise<void> {
  const lane = await newLane();
  await bed.stack.api('POST', `/Number/${digits(lane.did)}/`, { trunk: 'softphone' });
  const session = await lane.session({ second_party: absent });
  await lane.call({ from: lane.first });
  await lane.interactions(session.id, 1);
}

/** A phone registers for a number that the node does not know. */
async function aStrangerRegisters(): Promise<void> {
  const agent = await SipAgent.open(0, '127.0.0.2');
  const credentials = { user: digits(unknown), password: SOFTPHONE_PASSWORD };
  try {
    await register(agent, bed.freeswitch.softphonePort, digits(unknown), credentials);
  } finally {
    agent.close();
  }
}

/** The caller's own number is in the SDP, which FreeSWITCH shows in full. */
async function anOfferNamesSomebody(): Promise<void> {
  const lane = await newLane();
  await lane.session();
  const agent = await SipAgent.open(0, '127.0.0.1');
  const sdpLines = [`i=${digits(lane.first)}`];
  try {
    await lane.callee(lane.second, { kind: 'refuse', status: 486, afterMs: 100 });
    await placeSipCall(agent, { port: bed.freeswitch.sipPort, to: lane.did, from: lane.first, sdpLines });
  } finally {
    agent.close();
  }
}

/** Who is connected keys something, such as for a bank. */
async function aPersonIsConnected(): Promise<void> {
  const lane = await newLane();
  const session = await lane.session({ record: true });
  await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
  const steps = [{ wait: 1500 }, { press: '471193' }, { wait: 2500 }, { hangup: true } as const];
  await lane.call({ from: lane.first, displayName: lane.first, steps });
  await lane.interactions(session.id, 1);
}

async function aPinIsKeyed(): Promise<void> {
  const lane = await newLane();
  const pins = { first_party_pin: PINS.first, second_party_pin: PINS.second };
  const session = await lane.session(pinSession(lane, pins));
  await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
  const steps = [{ wait: 1500 }, { press: PINS.first }, { wait: 3000 }, { hangup: true } as const];
  await lane.call({ from: lane.stranger, steps });
  await lane.interactions(session.id, 1);
}

/** Somebody keys on while a file is played. */
async function keysArePressedDuringAnAnnouncement(): Promise<void> {
  const lane = await newLane();
  const pins = { first_party_pin: PINS.first, second_party_pin: PINS.second };
  await lane.session(pinSession(lane, pins));
  // The announcement takes 1.7 s, and begins once the PIN was looked at: so for longer than either.
  const steps = [{ wait: 1500 }, { press: PINS.wrong }, { press: '585858585858' }, { wait: 500 }];
  await lane.call({ from: lane.stranger, steps: [...steps, { hangup: true }] });
}

describe('with LOG_LEVEL=debug', () => {
  beforeAll(async () => {
    bed = await RealBed.start({
      controllers: 1,
      lanes: 5,
      environment: {
        LOG_LEVEL: 'debug',
        SOFTPHONE_PASSWORD,
        SOFTPHONE_NUMBERS: [phone, absent].map(digits).join(','),
      },
    });
    await Promise.all([
      aPersonIsConnected(),
      aPinIsKeyed(),
      keysArePressedDuringAnAnnouncement(),
      nobodyIsAtThePhone(),
      aStrangerRegisters(),
    ]);
    await anOfferNamesSomebody();
    await until('the last call has ended', async () => {
      said = await readFile(bed.freeswitch.logFile, 'latin1');
      return /USER_BUSY/.test(said);
    });
    // Of their six digits one may be like a PIN.
    said = said.replaceAll(/(:\d\d)\.\d{6} /g, '$1 ');
  });
  afterAll(() => bed.close());

  it.each([
    ['Cannot locate registered user', /\[WARNING\].* Cannot locate registered user/],
    ["Can't find user", /\[WARNING\].* Can't find user/],
    ['an offer', /\[DEBUG\].* Remote SDP/],
    ['a title in an offer', / i=<digits>/],
    ['a question', /socket\(%\[masking_secret=<secret>,/],
    ['a key', /RECV DTMF \?:/],
    ['a key during an announcement', / Digit \?/],
  ])('FreeSWITCH has said what names people: %s', (_what, line) => {
    expect(said).toMatch(line);
  });

  it("no number, no PIN and not the controllers' secret stands in it", () => {
    const people = lanes.flatMap(({ first, second, stranger }) => [first, second, stranger]);
    const numbers = [...people, absent, unknown].map((number) => number.slice(-10));
    for (const secret of [...numbers, ...Object.values(PINS), bed.stack.questionSecret]) {
      const line = said.split('\n').find((candidate) => candidate.includes(secret));
      expect(line, `the log shows ${secret}`).toBeUndefined();
    }
  });

  it('no key that was pressed stands in it', () => {
    expect(said).not.toMatch(/DTMF(?: [A-Z:]+)*[ ([]+[0-9A-D*#]/);
    expect(said).not.toMatch(/digit[ =']+[0-9A-D*#](?![0-9A-Za-z])/i);
  });

  it('a line tells whose call it is about', () => {
    expect(said).toMatch(
      /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) .* sofia\/trunk\/<caller>@\S+ .*\n(?:.*\n)*\1 .* maskline\/b\/\1 /m,
    );
  });
});
