import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  answerSipCall,
  mediaPortIn,
  placeSipCall,
  register,
  type SipDialog,
} from '../e2e/helpers/sip-dialog.js';
import { Person, TONE_OF_A, TONE_OF_B } from '../e2e/helpers/two-people.js';
import { tellingHeaders } from '../helpers/traces.js';
import { CannotCheckError, type RunningStack } from './running-stack.js';

/** Milliseconds that two people talk, and that a prompt plays before keys are pressed. */
const TALK_MS = 1_500;
const PROMPT_MS = 1_500;
const WRONG_PROMPT_MS = 4_000;
/** Milliseconds within which a call's record is written. */
const RECORD_MS = 30_000;
/** Stands for a party that is never called. */
const NOBODY = '+15550001003';
/** Seconds that the phones stay registered if we are killed. */
const REGISTERED_S = 300;

/** What passed on the wire in one call, and what may not have. */
export interface CallSeen {
  readonly name: string;
  /** Everything that the caller's phone, and the called one, received. */
  readonly toCaller: string;
  readonly toCalled: string;
  /** Numbers that may not stand in what the caller, and the called one, received. */
  readonly hiddenFromCaller: readonly string[];
  readonly hiddenFromCalled: readonly string[];
}

/** Everything that an answer of the API said that it had refused. */
export interface Refusal {
  readonly what: string;
  readonly text: string;
}

export interface AuditCalls {
  readonly calls: readonly CallSeen[];
  readonly refusals: readonly Refusal[];
  /** E.164 numbers of people, and PINs, that took part. */
  readonly numbers: readonly string[];
  readonly pins: readonly string[];
}

interface Ends {
  readonly user: string;
  readonly number: string;
  readonly phone: Person;
}

/**
 * Calls through the stack with two softphones, each of which writes its own number wherever a phone can write one.
 * What it creates, it removes. @throws CannotCheckError
 */
export async function placeAuditCalls(
  stack: RunningStack,
  progress: (what: string) => void,
): Promise<AuditCalls> {
  const { server, port, users } = stack.softphones;
  const own = server.startsWith('127.') ? '127.0.0.1' : server;
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const [a, b] = await Promise.all(
      users.map(async (user, index): Promise<Ends> => {
        const phone = await Person.withPhone(index === 0 ? TONE_OF_A : TONE_OF_B, 0, own, server);
        undo.push(() => phone.close());
        return { user, number: `+${user}`, phone };
      }),
    );
    if (a === undefined || b === undefined) throw new CannotCheckError('two softphones are needed');
    for (const { user, phone } of [a, b]) {
      const credentials = { user, password: stack.softphones.password };
      const answer = await register(phone.sip, port, user, credentials, REGISTERED_S);
      if (answer.status !== 200)
        throw new CannotCheckError(`softphone ${user} was not registered: ${answer.status ?? ''}`);
      undo.push(() => register(phone.sip, port, user, credentials, 0));
    }
    const plain = await virtualNumber(stack, undo);
    const asking = await virtualNumber(stack, undo);
    const pins = Array.from({ length: 3 }, () => String(randomInt(10_000_000, 99_999_999)));
    const [firstPin = '', secondPin = '', wrongPin = ''] = pins;
    const session = await newSession(stack, undo, {
      ...{
        first_party: a.number,
        second_party: b.number,
        virtual_number: plain,
        geomatch: false,
        record: true,
      },
      record_file_format: 'wav',
    });
    const withPin = await newSession(stack, undo, {
      ...{
        first_party: NOBODY,
        second_party: b.number,
        virtual_number: asking,
        geomatch: false,
        record: true,
      },
      ...{ is_pin_authentication_required: true, first_party_pin: firstPin, second_party_pin: secondPin },
      pin_prompt_play: 'https://prompt.invalid/pin.wav',
    });

    const calls: CallSeen[] = [];
    progress('a registered caller');
    calls.push(await connected('first party calls', stack, a, b, plain, [b.number], [a.number]));
    progress('the other direction');
    calls.push(await connected('second party calls', stack, b, a, plain, [a.number], [b.number]));
    progress('a refusal');
    calls.push(await refused(stack, a, b, plain));
    progress('a stranger with a wrong PIN and a right one');
    const keys = [wrongPin, firstPin];
    calls.push(
      await connected(
        'stranger keys PINs',
        stack,
        a,
        b,
        asking,
        [b.number, NOBODY],
        [a.number, NOBODY],
        keys,
      ),
    );
    progress('what the API refuses');
    const refusals = await provokeRefusals(stack, a.number, b.number, firstPin);
    progress('records');
    await recorded(stack, session, 3);
    await recorded(stack, withPin, 1);
    return { calls, refusals, numbers: [a.number, b.number, NOBODY], pins };
  } finally {
    for (const step of undo.reverse()) await step().catch(() => undefined);
  }
}

const headersOf = (number: string): string[] =>
  Object.entries(tellingHeaders(number)).map(([name, value]) => `${name}: ${value}`);

/** One call from its INVITE to its end, with keys pressed at a prompt if there are any. */
async function connected(
  name: string,
  stack: RunningStack,
  caller: Ends,
  called: Ends,
  did: string,
  hiddenFromCaller: readonly string[],
  hiddenFromCalled: readonly string[],
  keys: readonly string[] = [],
): Promise<CallSeen> {
  const before = marks(caller, called);
  const answering = answerSipCall(called.phone.sip, {
    user: called.user,
    rtpPort: called.phone.rtp.port,
    headers: headersOf(called.number),
  });
  const talking = answering.then(({ invite }) => called.phone.speak(mediaPortIn(invite.text)));
  // Both are awaited below; a failure of the caller's side comes first then.
  talking.catch(() => undefined);
  const { final, dialog } = await place(stack, caller, did);
  if (dialog === null) throw new CannotCheckError(`${name}: the call was answered ${final.status ?? ''}`);
  const media = mediaPortIn(final.text);
  for (const [index, pin] of keys.entries()) {
    await sleep(index === 0 ? PROMPT_MS : WRONG_PROMPT_MS);
    await caller.phone.press(pin, media);
  }
  caller.phone.speak(media);
  await talking;
  await sleep(TALK_MS);
  await end(dialog);
  await called.phone.sip.request('BYE');
  return { name, ...since(caller, called, before), hiddenFromCaller, hiddenFromCalled };
}

/** The called phone is busy, and tells its number in the refusal. */
async function refused(stack: RunningStack, caller: Ends, called: Ends, did: string): Promise<CallSeen> {
  const before = marks(caller, called);
  const refusing = called.phone.sip.request('INVITE').then((invite) => {
    called.phone.sip.respond(invite, '486 Busy Here', 'busy', headersOf(called.number));
  });
  const [{ final }] = await Promise.all([place(stack, caller, did), refusing]);
  if (final.status !== 486)
    throw new CannotCheckError(`a busy phone gave the caller ${final.status ?? ''} and not 486`);
  return {
    name: 'called party is busy',
    ...since(caller, called, before),
    hiddenFromCaller: [called.number],
    hiddenFromCalled: [caller.number],
  };
}

async function place(stack: RunningStack, caller: Ends, did: string): ReturnType<typeof placeSipCall> {
  return placeSipCall(caller.phone.sip, {
    port: stack.softphones.port,
    to: did,
    from: caller.user,
    rtpPort: caller.phone.rtp.port,
    credentials: { user: caller.user, password: stack.softphones.password },
    headers: headersOf(caller.number),
  });
}

async function end(dialog: SipDialog): Promise<void> {
  await dialog.hangUp();
}

const marks = (caller: Ends, called: Ends): readonly [number, number] => [
  caller.phone.sip.received.length,
  called.phone.sip.received.length,
];

function since(
  caller: Ends,
  called: Ends,
  [ofCaller, ofCalled]: readonly [number, number],
): Pick<CallSeen, 'toCaller' | 'toCalled'> {
  const text = (who: Ends, from: number): string =>
    who.phone.sip.received
      .slice(from)
      .map((message) => message.text)
      .join('\n\n');
  return { toCaller: text(caller, ofCaller), toCalled: text(called, ofCalled) };
}

async function request(
  { apiUrl, account }: RunningStack,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${apiUrl}/v1/Account/${account.id}${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${account.id}:${account.token}`).toString('base64')}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw new CannotCheckError(`the API at ${apiUrl} does not answer`, { cause });
  });
  return { status: response.status, text: await response.text() };
}

async function created(stack: RunningStack, path: string, body: object): Promise<Record<string, unknown>> {
  const { status, text } = await request(stack, 'POST', path, body);
  if (status !== 201) throw new CannotCheckError(`POST ${path} was answered ${status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

/** A virtual number whose calls go to the softphones. */
async function virtualNumber(stack: RunningStack, undo: (() => Promise<unknown>)[]): Promise<string> {
  const number = `+1555${randomInt(2_000_000, 9_999_999)}`;
  await created(stack, '/Number/', { number, trunk: 'softphone' });
  undo.push(() => request(stack, 'DELETE', `/Number/${number.slice(1)}/`));
  return number;
}

async function newSession(
  stack: RunningStack,
  undo: (() => Promise<unknown>)[],
  parameters: object,
): Promise<string> {
  const session = await created(stack, '/Masking/Session/', { ...parameters, session_expiry: 600 });
  const id = String(session['session_uuid']);
  undo.push(() => request(stack, 'DELETE', `/Masking/Session/${id}/`));
  return id;
}

/** Requests that are refused, each with somebody's number or PIN in it. */
async function provokeRefusals(
  stack: RunningStack,
  first: string,
  second: string,
  pin: string,
): Promise<readonly Refusal[]> {
  const bodies: readonly [string, object][] = [
    ['a party that is no number', { first_party: first, second_party: `${second}x` }],
    [
      'a virtual number that is none of ours',
      { first_party: first, second_party: second, virtual_number: first },
    ],
    [
      'equal PINs',
      {
        ...{ first_party: first, second_party: second, is_pin_authentication_required: true },
        ...{ first_party_pin: pin, second_party_pin: pin, pin_prompt_play: 'https://prompt.invalid/p.wav' },
      },
    ],
  ];
  return Promise.all(
    bodies.map(async ([what, body]) => {
      const { status, text } = await request(stack, 'POST', '/Masking/Session/', body);
      if (status < 400) throw new CannotCheckError(`${what} was not refused`);
      return { what, text };
    }),
  );
}

/** Waits until the session's calls are written. */
async function recorded(stack: RunningStack, session: string, count: number): Promise<void> {
  const deadline = Date.now() + RECORD_MS;
  for (;;) {
    const { text } = await request(stack, 'GET', `/Masking/Session/${session}/`);
    const { response } = JSON.parse(text) as { response?: { interaction?: { end_time?: unknown }[] } };
    const ended = (response?.interaction ?? []).filter((call) => typeof call.end_time === 'string').length;
    if (ended >= count) return;
    if (Date.now() > deadline) {
      throw new CannotCheckError(`${ended} of ${count} calls were recorded within ${RECORD_MS / 1000} s`);
    }
    await sleep(200);
  }
}
