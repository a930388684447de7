/**
 * A masked call with no telephony: the real controller, API and Redis, the simulated FreeSWITCH and
 * three phones. Prints what each of them sees, as it happens, and what the API says afterwards: the session, and
 * the call with a PIN as a timeline. `--since <label>=<ms>,…`: milliseconds that steps before this took, such as
 * installing, to be told at the end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { PlacedCall } from './placed-call.js';
import { Sandbox } from './system.js';
import { timeline, type ToldStep } from './timeline.js';

const DID = '+15550009999';
const RIDER = '+447700900101';
const DRIVER = '+4915550102030';
const STRANGER = '+33612345678';
const ACCOUNT = { id: 'MADEMODEMODEMODEMO00', token: 'demo-token-not-a-secret' };

const startedAt = performance.now();
const { values: given } = parseArgs({ options: { since: { type: 'string', default: '' } } });

function tell(who: string, what: string): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
  process.stdout.write(`${seconds} s  ${who.padEnd(10)} ${what}\n`);
}

function heading(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

async function main(): Promise<void> {
  const sandbox = await Sandbox.start({
    account: ACCOUNT,
    virtualNumbers: [DID],
    environment: { LOG_LEVEL: 'error' },
  });
  const { freeswitch } = sandbox;
  const upAt = performance.now();
  try {
    process.stdout.write(
      `Maskline without telephony: real controller, API and Redis; FreeSWITCH and phones are simulated.\n` +
        `  virtual number ${DID}\n  rider          ${RIDER}\n  driver         ${DRIVER}\n  stranger       ${STRANGER}\n`,
    );
    freeswitch.phones.behave(DRIVER, { kind: 'answer', afterMs: 1200 });
    freeswitch.phones.on('received', (call) => {
      tell('driver', `rings: a call from ${call.callerNumber}`);
    });

    heading('POST Masking/Session/: rider and driver, PIN 4711 for the rider, 8822 for the driver');
    const created = await sandbox.api('POST', '/Masking/Session/', {
      first_party: RIDER,
      second_party: DRIVER,
      geomatch: false,
      is_pin_authentication_required: true,
      first_party_pin: '4711',
      second_party_pin: '8822',
      pin_prompt_play: `${sandbox.url}/pin.wav`,
    });
    const id = String(created['session_uuid']);
    process.stdout.write(`  ${String(created['message'])} ${id} on ${String(created['virtual_number'])}\n`);

    heading('The rider calls the virtual number');
    await watch('rider', freeswitch.place({ from: RIDER, to: DID }), async (call) => {
      await call.answered;
      await sleep(1500);
      call.hangup();
    });

    heading('A stranger calls it, keys a wrong PIN, then the rider’s');
    await watch('stranger', freeswitch.place({ from: STRANGER, to: DID }), async (call) => {
      await call.hears('enter-pin');
      await sleep(1200);
      tell('stranger', 'keys ····');
      await call.press('1111');
      await call.hears('wrong-pin');
      await sleep(2500);
      tell('stranger', 'keys ····');
      await call.press('4711');
      await sleep(3500);
      call.hangup();
    });

    heading(`GET Masking/Session/${id}`);
    await sleep(300);
    const { response } = await sandbox.api('GET', `/Masking/Session/${id}`);
    process.stdout.write(`${JSON.stringify(response, null, 2)}\n`);

    const path = '/Masking/Explain/Call/';
    const { objects } = await sandbox.api(
      'GET',
      `${path}?${new URLSearchParams({ from: STRANGER }).toString()}`,
    );
    const [call] = objects as { call_uuid: string; explanation: string }[];
    heading(`GET Masking/Explain/Call/${call?.call_uuid ?? ''}/: the stranger’s call, step by step`);
    const told = await sandbox.api('GET', `${path}${call?.call_uuid ?? ''}/`);
    process.stdout.write(timeline((told['response'] as { steps: readonly ToldStep[] }).steps));
    process.stdout.write(`${call?.explanation ?? ''}\n`);
    tellTimes(upAt);
  } finally {
    await sandbox.stop();
  }
}

/** How long it took from the command to the timeline, and what took it. `upAt`: when the controller was up. */
function tellTimes(upAt: number): void {
  const before = given.since
    .split(',')
    .filter((part) => part !== '')
    .map((part): [string, number] => {
      const [label = '', ms = ''] = part.split('=');
      return [label, Number(ms)];
    });
  const steps: [string, number][] = [
    ...before,
    // From the beginning of this program: loading it counts.
    ['start', upAt],
    ['calls', performance.now() - upAt],
  ];
  const total = steps.reduce((sum, [, ms]) => sum + ms, 0);
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  const parts = steps.map(([label, ms]) => `${label} ${seconds(ms)}`);
  process.stdout.write(`\nFrom the command to this timeline: ${seconds(total)} (${parts.join(', ')})\n`);
}

/** Tells what a caller's phone sees, while `act` says what the person does. */
async function watch(who: string, call: PlacedCall, act: (call: PlacedCall) => Promise<void>): Promise<void> {
  tell(who, `dials ${DID}`);
  const told = [
    call.ringing.then((happened) => {
      if (happened) tell(who, 'hears ringing (180)');
    }),
    call.answered.then((happened) => {
      if (happened) tell(who, 'is answered (200)');
    }),
    act(call),
  ];
  let heard = 0;
  const listening = setInterval(() => {
    for (const file of call.heard.slice(heard)) tell(who, `hears the prompt “${file.name}”`);
    heard = call.heard.length;
  }, 20);
  const end = await call.ended;
  clearInterval(listening);
  await Promise.all(told);
  tell(who, `call over after ${(end.talkMs / 1000).toFixed(1)} s, ended by the ${end.by}`);
}

await main();
