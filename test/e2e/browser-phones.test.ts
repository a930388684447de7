import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Interaction } from '../../src/masking/interaction.js';
import { requireChromium } from '../helpers/chromium.js';
import { laneNumbers } from '../helpers/lane-numbers.js';
import { freeTcpPort } from '../helpers/ports.js';
import { AUTH_ID } from '../helpers/stack.js';
import {
  fakeMicrophone,
  MICROPHONE_HZ,
  PATIENCE,
  PhonesPage,
  startBrowser,
  TONE_HZ,
  type PagePhone,
} from './helpers/browser-phones.js';
import { RealBed } from './helpers/real-bed.js';
import { answerSipCall, mediaPortIn, placeSipCall, register } from './helpers/sip-dialog.js';
import { headerOf } from './helpers/sip-messages.js';
import { Person, TONE_OF_B } from './helpers/two-people.js';
import { until } from '../helpers/until.js';

// A browser, FreeSWITCH and a controller on two cores: each step has its own deadline.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 });

const { first, second, stranger: third } = laneNumbers(200);
const [FIRST, SECOND, OTHER] = [first.slice(1), second.slice(1), third.slice(1)];
const PASSWORD = 'a-softphone-password';
/** This machine has no network but loopback. */
const isAlone = Object.values(networkInterfaces()).every((each) => each?.every(({ internal }) => internal));
const ICE_LINES = [
  'a=ice-ufrag:abcd',
  'a=ice-pwd:abcdefghijklmnopqrstuvwx',
  'a=candidate:1 1 UDP 2130706431 127.0.0.1 9 typ host',
];
const PIN = '4711';
const SECOND_PIN = '8822';

let bed: RealBed;
let browser: Browser;
let phones: PhonesPage;
let tests = 0;
/** A virtual number that no other test uses, and its digits. */
let did: string;
let digits: string;

beforeAll(async () => {
  requireChromium();
  await promisify(execFile)(process.execPath, ['scripts/build-phones.mjs']);
  const port = await freeTcpPort();
  const softphones = {
    SOFTPHONES: 'true',
    SOFTPHONE_NUMBERS: [FIRST, SECOND, OTHER].join(','),
    SOFTPHONE_PASSWORD: PASSWORD,
  };
  bed = await RealBed.start({
    controllers: 1,
    lanes: 2,
    trunks: ['softphone'],
    environment: { ...softphones, SOFTPHONE_WS_PORT: String(port) },
    controllerEnvironment: { ...softphones, BROWSER_PHONES_URL: `ws://127.0.0.1:${port}` },
  });
  browser = await startBrowser(await fakeMicrophone(bed.stack.folder));
});

afterAll(async () => {
  await bed.close();
  await browser.close();
});

beforeEach(async () => {
  tests += 1;
  did = laneNumbers(10 + tests).did;
  digits = did.slice(1);
  await create('/Number/', { number: did });
  phones = await PhonesPage.open(browser, address());
});

afterEach(async () => {
  await phones.close();
});

const address = (): string => `${bed.stack.controllers[0]!.url}/phones/`;

async function create(path: string, body: Record<string, unknown>): Promise<Record<string, unknown>> {
  const answer = await bed.stack.api('POST', path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body as Record<string, unknown>;
}

/** A session between the two phones of the page, unless told otherwise; answers its id. */
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

const pinSession = (): Promise<string> =>
  session({
    is_pin_authentication_required: true,
    force_pin_authentication: true,
    first_party_pin: PIN,
    second_party_pin: SECOND_PIN,
    pin_prompt_play: 'https://prompt.invalid/enter-pin.wav',
    pin_retry: 0,
    pin_retry_wait: 10,
  });

async function ended(sessionId: string): Promise<Interaction> {
  let found: Interaction | undefined;
  await until(
    'the interaction has ended with both legs',
    async () => {
      [found] = await bed.store.interactions(sessionId);
      return found?.stage === 'ended' && found.legs.length === 2;
    },
    PATIENCE,
  );
  return found!;
}

/** Both phones registered; the first one speaks into the microphone, the second one plays a tone. */
async function bothReady(): Promise<[caller: PagePhone, called: PagePhone]> {
  await phones.signIn(AUTH_ID, bed.stack.authToken);
  const both: [PagePhone, PagePhone] = [phones.phone(FIRST), phones.phone(SECOND)];
  await Promise.all(both.map((phone) => phone.registered()));
  await both[1].speakWith('A steady tone');
  return both;
}

/** Files that FreeSWITCH played to callers of a number, of this test's own unless told otherwise. */
const heard = (number = digits): string[] => bed.log.toCaller(number, 0);

/** What a leg of ordinary telephony may not hold. */
const WEBRTC = /fingerprint|candidate|ice-|SAVP|rtcp-mux|crypto/i;

describe('two phones on one page', () => {
  it('talk through a virtual number, each hears the other, and either may hang up', async () => {
    const id = await session();
    const [caller, called] = await bothReady();
    await caller.call(digits);
    await called.shows(`Call from ${digits}`);
    await called.button('Answer').click();
    await Promise.all([caller.shows(`Connected with ${digits}`), called.shows(`Connected with ${digits}`)]);
    await phones.hears(0, TONE_HZ);
    await phones.hears(1, MICROPHONE_HZ);
    for (const connection of [0, 1]) {
      const media = await phones.media(connection);
      expect(media).toMatchObject({ codec: 'audio/PCMU', dtls: 'connected', remote: '127.0.0.1' });
    }
    await until('the level of what is heard shows', async () => (await caller.level()) > 0.2, PATIENCE);
    await caller.button('Hang up').click();
    await caller.ended('You hung up.');
    await called.ended('The other side hung up.');
    expect(await ended(id)).toMatchObject({ caller: 'first', endedBy: 'a' });

    await called.call(digits);
    await caller.shows(`Call from ${digits}`);
    await caller.button('Answer').click();
    await phones.hears(2, MICROPHONE_HZ);
    await phones.hears(3, TONE_HZ);
    await caller.button('Hang up').click();
    await called.ended('The other side hung up.');
    expect(phones.complaints).toEqual([]);
    expect(phones.outside).toEqual([]);
  });

  it('show each other nothing of themselves, and no address but that of FreeSWITCH', async () => {
    await session();
    const [caller, called] = await bothReady();
    await caller.call(digits);
    await called.button('Answer').click();
    await phones.hears(1, MICROPHONE_HZ);
    const ports = [await phones.media(0), await phones.media(1)].map(({ localPort }) => String(localPort));
    await called.button('Hang up').click();
    await caller.ended('The other side hung up.');

    const [toCaller, toCalled] = [phones.received(FIRST), phones.received(SECOND)];
    expect(toCalled).toMatch(new RegExp(`^From: .*sip:\\+${digits}@`, 'm'));
    expect(toCalled).not.toContain(FIRST);
    expect(toCaller).not.toContain(SECOND);
    // Candidates are FreeSWITCH's own: the far end's media port is in none of them.
    for (const [text, port] of [
      [toCaller, ports[1]],
      [toCalled, ports[0]],
    ] as const) {
      const candidates = text.match(/^a=candidate:.*$/gm) ?? [];
      expect(candidates).not.toHaveLength(0);
      for (const candidate of candidates) {
        expect(candidate).toContain(' 127.0.0.1 ');
        expect(candidate).not.toContain(` ${port} `);
      }
    }
  });

  it('reject, and give up', async () => {
    await session();
    const [caller, called] = await bothReady();
    await caller.call(digits);
    await called.button('Reject').click();
    await caller.ended('The other phone rejected the call.');
    await called.ended('You rejected the call.');
    await caller.call(digits);
    await called.shows(`Call from ${digits}`);
    await caller.button('Hang up').click();
    await called.ended('The caller gave up.');
  });

  it('are told when a number leads nowhere', async () => {
    const [caller] = await bothReady();
    await caller.call('15550100');
    await caller.ended('No such virtual number');
  });

  it('ring when the first one is called by the API', async () => {
    const [caller, called] = await bothReady();
    const id = await session({ initiate_call_to_first_party: true });
    await caller.shows(`Call from ${digits}`);
    await caller.button('Answer').click();
    await called.button('Answer').click();
    await phones.hears(0, TONE_HZ);
    await phones.hears(1, MICROPHONE_HZ);
    await called.button('Hang up').click();
    expect(await ended(id)).toMatchObject({ caller: 'first', endedBy: 'b' });
  });
});

describe('the keypad', () => {
  it('reaches the PIN prompt: the right PIN connects', async () => {
    const id = await pinSession();
    const [caller, called] = await bothReady();
    await caller.call(digits);
    await caller.shows(`Connected with ${digits}`);
    await until('the prompt plays', () => heard().includes('enter-pin.wav'), PATIENCE);
    await caller.press(PIN);
    await called.shows(`Call from ${digits}`);
    await called.button('Answer').click();
    await phones.hears(0, TONE_HZ);
    await phones.hears(1, MICROPHONE_HZ);
    await called.button('Hang up').click();
    expect(await ended(id)).toMatchObject({ caller: 'first', endedBy: 'b' });
    expect(phones.received(SECOND)).not.toContain(FIRST);
  });

  it('and a wrong PIN is announced', async () => {
    await pinSession();
    const [caller, called] = await bothReady();
    await caller.call(digits);
    await until('the prompt plays', () => heard().includes('enter-pin.wav'), PATIENCE);
    await caller.press('1111');
    await until('the announcement plays', () => heard().includes('wrong-pin.wav'), PATIENCE);
    await caller.ended('The other side hung up.');
    await called.shows('Idle');
  });
});

describe('a session made by the page', () => {
  it('joins the two phones, with and without a PIN, and ends', async () => {
    await create('/Number/', { number: laneNumbers(100).did });
    await create('/Number/', { number: laneNumbers(101).did });
    const [caller, called] = await bothReady();
    const dialled = caller.card.getByLabel('Number to dial');
    await phones.page.getByRole('button', { name: 'Make a session between these two phones' }).click();
    await phones.page.getByText(/^Dial \d+ on either phone/).waitFor();
    const number = await dialled.inputValue();
    await caller.button('Call').click();
    await called.shows(`Call from ${number}`);
    await caller.button('Hang up').click();
    await called.shows('Idle');

    await phones.page.getByRole('button', { name: 'Make one with a PIN' }).click();
    const told = (await phones.page.getByText(/and key \d{4} when you are asked/).textContent()) ?? '';
    const [, other = '', pin = ''] = /^Dial (\d+) .*key (\d{4})/.exec(told) ?? [];
    await caller.button('Call').click();
    await until('the prompt plays', () => heard(other).includes('enter-pin.wav'), PATIENCE);
    await caller.press(pin);
    await called.shows('Call from');
    await called.button('Reject').click();
    await caller.button('Hang up').click();

    const list = phones.page.getByRole('list', { name: 'Sessions between these phones' });
    await until('both sessions are listed', async () => (await list.getByRole('listitem').count()) >= 2);
    const before = await list.getByRole('listitem').count();
    await list.getByRole('button', { name: `End the session on ${number}` }).click();
    await phones.page.getByText(`The session on ${number} is over.`).waitFor();
    await until('it is not listed any more', async () => (await list.getByRole('listitem').count()) < before);
    expect(phones.complaints).toEqual([]);
  });
});

describe('a phone in the browser and one of another kind', () => {
  let person: Person;
  const other = { user: OTHER, password: PASSWORD };

  beforeEach(async () => {
    person = await Person.withPhone(TONE_OF_B);
  });
  afterEach(() => person.close());

  it('talk: the browser calls a softphone over UDP, whose ICE is not heard', async () => {
    const port = bed.freeswitch.softphonePort;
    expect((await register(person.sip, port, OTHER, other)).status).toBe(200);
    const id = await session({ second_party: `+${OTHER}` });
    const [caller] = await bothReady();
    await caller.call(digits);
    const { invite, dialog } = await answerSipCall(person.sip, {
      user: OTHER,
      rtpPort: person.rtp.port,
      sdpLines: ICE_LINES,
    });
    expect(invite.text).not.toMatch(WEBRTC);
    expect(headerOf(invite.text, 'From')).toContain(`sip:${did}@`);
    person.speak(mediaPortIn(invite.text));
    await phones.hears(0, TONE_OF_B);
    await until('the softphone hears the browser', () => person.hears(MICROPHONE_HZ), PATIENCE);
    await dialog.hangUp();
    await caller.ended('The other side hung up.');
    expect(await ended(id)).toMatchObject({ caller: 'first', endedBy: 'b' });
    expect(person.sip.transcript).not.toContain(FIRST);
    await register(person.sip, port, OTHER, other, 0);
  });

  it('talk: a softphone over UDP that offers ICE calls the browser, and gets none', async () => {
    const id = await session({ first_party: `+${OTHER}` });
    const [, called] = await bothReady();
    const [{ final, dialog }] = await Promise.all([
      placeSipCall(person.sip, {
        port: bed.freeswitch.softphonePort,
        to: digits,
        from: OTHER,
        rtpPort: person.rtp.port,
        credentials: other,
        sdpLines: ICE_LINES,
      }),
      called.button('Answer').click(),
    ]);
    expect(final.status, final.text).toBe(200);
    expect(final.text).not.toMatch(WEBRTC);
    person.speak(mediaPortIn(final.text));
    await phones.hears(0, TONE_OF_B);
    await until('the softphone hears the browser', () => person.hears(TONE_HZ), PATIENCE);
    await dialog!.hangUp();
    expect(await ended(id)).toMatchObject({ caller: 'first', endedBy: 'a' });
    expect(phones.received(SECOND)).not.toContain(OTHER);
  });

  it('talk: the browser calls a phone behind a trunk, which is offered plain audio', async () => {
    const lane = await bed.lane();
    const carrier = await Person.withPhone(TONE_OF_B, bed.trunkPorts.get(lane.trunk));
    try {
      const id = (await lane.session({ first_party: first })).id;
      const [caller] = await bothReady();
      await caller.call(lane.did.slice(1));
      const { invite, dialog } = await answerSipCall(carrier.sip, {
        user: lane.second,
        rtpPort: carrier.rtp.port,
      });
      expect(invite.text).toMatch(/^m=audio \d+ RTP\/AVP /m);
      expect(invite.text).not.toMatch(WEBRTC);
      expect(carrier.sip.transcript).not.toContain(FIRST);
      carrier.speak(mediaPortIn(invite.text));
      await phones.hears(0, TONE_OF_B);
      await until('the far phone hears the browser', () => carrier.hears(MICROPHONE_HZ), PATIENCE);
      await dialog.hangUp();
      await caller.ended('The other side hung up.');
      expect(await ended(id)).toMatchObject({ caller: 'first', endedBy: 'b' });
    } finally {
      await carrier.close();
    }
  });

  it('talk: a caller on a trunk reaches the browser, and is answered with plain audio', async () => {
    const stranger = laneNumbers(2).stranger;
    const id = await session({ first_party: stranger });
    const [, called] = await bothReady();
    const [{ final, dialog }] = await Promise.all([
      placeSipCall(person.sip, {
        port: bed.freeswitch.sipPort,
        to: did,
        from: stranger,
        rtpPort: person.rtp.port,
      }),
      called.button('Answer').click(),
    ]);
    expect(final.status, final.text).toBe(200);
    expect(final.text).not.toMatch(WEBRTC);
    person.speak(mediaPortIn(final.text));
    await phones.hears(0, TONE_OF_B);
    await until('the caller hears the browser', () => person.hears(TONE_HZ), PATIENCE);
    await dialog!.hangUp();
    expect(await ended(id)).toMatchObject({ caller: 'first', endedBy: 'a' });
    expect(phones.received(SECOND)).not.toContain(stranger.slice(1));
  });
});

describe('the page', () => {
  it('gives the phones’ password to nobody without the account’s credentials', async () => {
    const url = address();
    const accounts = `${url}accounts/${AUTH_ID}/`;
    expect((await fetch(accounts, { method: 'POST' })).status).toBe(401);
    const page = await (await fetch(url)).text();
    const files = [...page.matchAll(/"(assets\/[^"]+)"/g)].map(([, path]) => path!);
    expect(files).toHaveLength(2);
    const texts = await Promise.all(files.map(async (file) => (await fetch(url + file)).text()));
    for (const text of [page, ...texts]) {
      expect(text).not.toContain(PASSWORD);
      expect(text).not.toContain(FIRST);
    }
    await phones.signIn(AUTH_ID, 'a-wrong-token');
    await phones.page.getByText('Wrong account or token.').waitFor();
    await phones.page.getByRole('button', { name: 'Connect the phones' }).waitFor();
  });

  it.each(['light', 'dark'] as const)('can be used by everybody, in %s', async (colorScheme) => {
    await phones.page.emulateMedia({ colorScheme });
    await phones.page.setViewportSize({ width: 360, height: 800 });
    expect(await seriousProblems()).toEqual([]);
    await session();
    const [caller, called] = await bothReady();
    await caller.call(digits);
    await called.shows('Call from');
    expect(await seriousProblems()).toEqual([]);
    expect(await phones.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await called.button('Answer').press('Enter');
    await caller.shows('Connected');
    expect(await seriousProblems()).toEqual([]);
    await caller.button('Star').press('Enter');
    await caller.card.getByText('Keyed *').waitFor();
    expect(phones.complaints).toEqual([]);
  });

  describe('without a microphone', () => {
    let deaf: Browser;
    beforeAll(async () => {
      deaf = await startBrowser(['--use-fake-device-for-media-stream', '--deny-permission-prompts']);
    });
    afterAll(() => deaf.close());
    beforeEach(async () => {
      await phones.close();
      phones = await PhonesPage.open(deaf, address());
    });

    it('says what to do', async () => {
      const [caller] = await bothReady();
      await caller.card.getByText('The microphone was refused.').waitFor();
    });

    // A browser that gave no microphone hides its addresses, and shows none at all where there is only loopback.
    it.skipIf(isAlone)('has phones that talk all the same', async () => {
      await session();
      const [caller, called] = await bothReady();
      await caller.speakWith('A steady tone');
      await called.speakWith('A melody');
      await caller.call(digits);
      await called.button('Answer').click();
      await phones.hears(1, TONE_HZ);
      const [, offer] = phones.frames.filter(({ received, text }) => !received && text.startsWith('INVITE'));
      expect(offer?.text).toMatch(/^a=candidate:.* typ host/m);
      expect(offer?.text).not.toContain('.local');
    });
  });

  it('says what to do when FreeSWITCH refuses the password', async () => {
    await phones.page.route('**/phones/accounts/**', async (route) => {
      const response = await route.fetch();
      const accounts = (await response.json()) as Record<string, unknown>;
      await route.fulfill({ response, json: { ...accounts, password: 'another-password' } });
    });
    await phones.signIn(AUTH_ID, bed.stack.authToken);
    await phones.phone(FIRST).card.getByText('FreeSWITCH refuses the password.').waitFor();
  });
});

it('no log holds a number of theirs, or their password', async () => {
  await session();
  const [caller, called] = await bothReady();
  await caller.call(digits);
  await called.button('Answer').click();
  await caller.shows('Connected');
  await called.button('Hang up').click();
  await caller.ended('The other side hung up.');
  const files = [bed.freeswitch.logFile, ...bed.stack.controllers.map(({ logFile }) => logFile)];
  for (const file of files) {
    const log = await readFile(file, 'utf8');
    for (const secret of [FIRST, SECOND, OTHER, PASSWORD]) expect(log).not.toContain(secret);
  }
});

/** What axe finds seriously wrong with the page as it is. */
async function seriousProblems(): Promise<string[]> {
  await phones.page.evaluate(axe.source);
  return phones.page.evaluate<string[]>(
    `axe.run().then(({ violations }) => violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`,
  );
}
