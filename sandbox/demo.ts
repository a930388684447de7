/**
 * A masked call with no telephony: the real controller, API and Redis, the simulated FreeSWITCH and
 * three phones. Prints what each of them sees, as it happens, and what the API says afterwards.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '../src/app.js';
import { loadConfig } from '../src/config.js';
import { createLogger } from '../src/telemetry/logger.js';
import type { PlacedCall } from './placed-call.js';
import { RedisServer, sparePort } from './redis-server.js';
import { SimulatedFreeSwitch } from './simulated-freeswitch.js';

const ROOT = new URL('../', import.meta.url).pathname;
const DID = '+15550009999';
const RIDER = '+447700900101';
const DRIVER = '+4915550102030';
const STRANGER = '+33612345678';
const AUTH_ID = 'MADEMODEMODEMODEMO00';

const startedAt = performance.now();

function tell(who: string, what: string): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
  process.stdout.write(`${seconds} s  ${who.padEnd(10)} ${what}\n`);
}

function heading(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

const secret = (): string => randomBytes(24).toString('hex');

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'maskline-demo-'));
  const redis = await RedisServer.start();
  const [httpPort, questionPort] = [await sparePort(), await sparePort()];
  const [eventSocketPort, cdrPort] = [await sparePort(), await sparePort()];
  const token = secret();
  const config = loadConfig({
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: String(httpPort),
    AUTH_ID,
    AUTH_TOKEN: token,
    REDIS_URL: redis.url,
    FREESWITCH_NODES: `127.0.0.1:${eventSocketPort}`,
    FREESWITCH_PASSWORD: secret(),
    QUESTION_PORT: String(questionPort),
    QUESTION_SECRET: secret(),
    CDR_PORT: String(cdrPort),
    TRUNKS: 'carrier',
    VIRTUAL_NUMBERS: DID,
    DATA_KEYS: randomBytes(32).toString('base64'),
    RECORDINGS_DIR: join(folder, 'recordings'),
    PROMPTS_DIR: join(folder, 'prompts'),
    CDR_DIR: join(folder, 'cdr'),
  });
  const freeswitch = new SimulatedFreeSwitch({
    dialplanFile: join(ROOT, 'dialplan/masking.xml'),
    soundsDir: join(ROOT, 'freeswitch/sounds/en'),
    questionHosts: [`127.0.0.1:${questionPort}`],
    questionSecret: config.questions.secret,
    eventSocketPort,
    password: config.freeswitch.password,
    cdrDir: config.folders.cdr,
    cdrHosts: [`127.0.0.1:${cdrPort}`],
    trunks: { carrier: 'up' },
  });
  const controller = new Controller(config, createLogger({ level: 'error' }));
  await freeswitch.start();
  await controller.start();
  const api = `http://127.0.0.1:${httpPort}/v1/Account/${AUTH_ID}`;
  const authorization = `Basic ${Buffer.from(`${AUTH_ID}:${token}`).toString('base64')}`;

  const request = async (path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(`${api}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Record<string, unknown>;
  };

  try {
    await ready(`http://127.0.0.1:${httpPort}/readyz`);
    process.stdout.write(
      `Maskline without telephony: real controller, API and Redis; FreeSWITCH and phones are simulated.\n` +
        `  virtual number ${DID}\n  rider          ${RIDER}\n  driver         ${DRIVER}\n  stranger       ${STRANGER}\n`,
    );
    freeswitch.phones.behave(DRIVER, { kind: 'answer', afterMs: 1200 });
    freeswitch.phones.on('received', (call) => {
      tell('driver', `rings: a call from ${call.callerNumber}`);
    });

    heading('POST Masking/Session/: rider and driver, PIN 4711 for the rider, 8822 for the driver');
    const created = await request('/Masking/Session/', {
      first_party: RIDER,
      second_party: DRIVER,
      geomatch: false,
      is_pin_authentication_required: true,
      first_party_pin: '4711',
      second_party_pin: '8822',
      pin_prompt_play: `http://127.0.0.1:${httpPort}/pin.wav`,
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
    const { response } = await request(`/Masking/Session/${id}`);
    process.stdout.write(`${JSON.stringify(response, null, 2)}\n`);
  } finally {
    await controller.stop();
    await freeswitch.stop();
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
  }
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

async function ready(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const response = await fetch(url).catch(() => null);
    await response?.body?.cancel();
    if (response?.status === 200) return;
    await sleep(50);
  }
  throw new Error('the controller did not become ready within 10 s');
}

await main();
