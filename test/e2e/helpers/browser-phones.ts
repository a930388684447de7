import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';

import { startChromium } from '../../helpers/chromium.js';
import { until } from '../../helpers/until.js';

/** What the fake microphone hears, and the page's own steady tone, in hertz. */
export const MICROPHONE_HZ = 440;
export const TONE_HZ = 880;

const RATE = 48_000;
/** Milliseconds for what a person would wait for, on a machine that does other things too. */
export const PATIENCE = 30_000;

/** What Chromium is told so that a page has a microphone and calls stay on this machine. */
export async function fakeMicrophone(folder: string): Promise<string[]> {
  const file = join(folder, 'microphone.wav');
  await writeFile(file, tone(MICROPHONE_HZ, 4));
  return [
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-audio-capture=${file}`,
  ];
}

export async function startBrowser(flags: readonly string[]): Promise<Browser> {
  return startChromium([
    '--autoplay-policy=no-user-gesture-required',
    // Loopback may be the only network that there is.
    '--allow-loopback-in-peer-connection',
    ...flags,
  ]);
}

/** What a connection of the page is like: see page-probe.js. */
export interface MediaSeen {
  readonly codec: string;
  readonly packets: number;
  readonly dtls: string;
  readonly remote: string;
  readonly localPort: number;
}

/** A SIP message that came or went over one of the page's WebSockets. */
export interface Frame {
  /** Digits of the phone whose socket it is; "" before it has said who it is. */
  phone: string;
  readonly received: boolean;
  readonly text: string;
}

/** The page of the browser phones, in a browser. */
export class PhonesPage {
  readonly frames: Frame[] = [];
  /** What the page complained of in the browser's console, and what it did not catch. */
  readonly complaints: string[] = [];
  readonly outside: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  static async open(
    browser: Browser,
    url: string,
    options: Parameters<Browser['newContext']>[0] = {},
  ): Promise<PhonesPage> {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    await page.addInitScript({ path: new URL('page-probe.js', import.meta.url).pathname });
    const opened = new PhonesPage(context, page);
    opened.#listen(new URL(url).origin);
    await page.goto(url);
    return opened;
  }

  #listen(origin: string): void {
    this.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    this.page.on('pageerror', (error) => this.complaints.push(String(error)));
    this.page.on('request', (request) => {
      const { protocol, origin: asked } = new URL(request.url());
      if (protocol !== 'data:' && asked !== origin) this.outside.push(request.url());
    });
    this.page.on('websocket', (socket) => {
      const own: Frame[] = [];
      const note = (received: boolean, payload: string | Buffer): void => {
        const text = payload.toString();
        const frame = {
          phone: own[0]?.phone ?? /^From:.*sip:(\d+)@/im.exec(text)?.[1] ?? '',
          received,
          text,
        };
        own.push(frame);
        this.frames.push(frame);
      };
      socket.on('framesent', ({ payload }) => note(false, payload));
      socket.on('framereceived', ({ payload }) => note(true, payload));
    });
  }

  async signIn(id: string, token: string): Promise<void> {
    await this.page.getByLabel('Account (AUTH_ID)').fill(id);
    await this.page.getByLabel('Token (AUTH_TOKEN)').fill(token);
    await this.page.getByRole('button', { name: 'Connect the phones' }).click();
  }

  /** One of the two phones on the page, by its number. */
  phone(digits: string): PagePhone {
    return new PagePhone(this.page, digits);
  }

  async connections(): Promise<number> {
    return this.page.evaluate<number>('probe.connections.length');
  }

  /** What the connection of that index, from 0 in order of their making, is sent. */
  async heardBy(connection: number): Promise<{ hz: number; decibels: number }> {
    return this.page.evaluate(`probe.heardBy(probe.connections[${connection}])`);
  }

  async media(connection: number): Promise<MediaSeen> {
    return this.page.evaluate(`probe.media(probe.connections[${connection}])`);
  }

  /** Waits until the connection is sent a tone of `hz`, loud enough to be heard. */
  async hears(connection: number, hz: number): Promise<void> {
    await until(
      `connection ${connection} hears ${hz} Hz`,
      async () => {
        const heard = await this.heardBy(connection);
        return Math.abs(heard.hz - hz) < 15 && heard.decibels > -50;
      },
      PATIENCE,
    );
  }

  /** Everything that a phone received over its WebSocket. */
  received(digits: string): string {
    return this.frames
      .filter(({ phone, received }) => phone === digits && received)
      .map(({ text }) => text)
      .join('\n\n');
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}

export class PagePhone {
  readonly card: Locator;

  constructor(page: Page, digits: string) {
    this.card = page.locator('section.phone', { has: page.locator('.number', { hasText: digits }) });
  }

  button(name: string): Locator {
    return this.card.getByRole('button', { name, exact: true });
  }

  async registered(): Promise<void> {
    await this.card.getByText('Registered', { exact: true }).waitFor();
  }

  /** Waits until its display shows `text`. */
  async shows(text: string): Promise<void> {
    await this.card.locator('.display', { hasText: text }).waitFor();
  }

  /** Waits until it says how a call ended. */
  async ended(text: string): Promise<void> {
    await this.card.locator('.aside', { hasText: text }).waitFor();
  }

  /** What its meter shows, 0 to 1. */
  async level(): Promise<number> {
    return this.card.locator('meter').evaluate((meter: unknown) => (meter as { value: number }).value);
  }

  async speakWith(voice: string): Promise<void> {
    await this.card.getByRole('combobox', { name: 'Says' }).selectOption({ label: voice });
  }

  async call(number: string): Promise<void> {
    await this.card.getByLabel('Number to dial').fill(number);
    await this.button('Call').click();
  }

  async press(keys: string): Promise<void> {
    for (const key of keys) await this.button(key).click();
  }
}

/** A wav file: a sine of `hz` for `seconds`, whole periods of it, so that it can be repeated. */
function tone(hz: number, seconds: number): Buffer {
  const samples = RATE * seconds;
  const data = Buffer.alloc(samples * 2);
  for (let at = 0; at < samples; at += 1) {
    data.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * hz * at) / RATE)), at * 2);
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}
