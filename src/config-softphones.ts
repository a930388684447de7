import { ConfigError } from './config-error.js';
import { flag, optional, phoneNumbers, Wrong } from './config-values.js';
import type { E164 } from './masking/phone-number.js';

/** The test phones of the page at /phones/. */
export interface BrowserPhones {
  /** The softphone profile's WebSocket, as browsers reach it: `ws://host:port`. */
  readonly url: string;
  /** The phones' own numbers, at least two. */
  readonly numbers: readonly E164[];
  /** What they register with. */
  readonly password: string;
}

/** What becomes part of a Content-Security-Policy: no path, no credentials, nothing that ends a directive. */
const WEBSOCKET_URL = /^wss?:\/\/([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):\d{1,5}$/;
/** As freeswitch/start.sh takes it. */
const PASSWORD = /^[A-Za-z0-9._~+/=@^!*-]{8,64}$/;

const PHONES_OF_PAGE = 2;

/** Named and meant as in freeswitch/start.sh, because one environment often serves both. */
export const SOFTPHONE_VARIABLES = {
  SOFTPHONES: flag(false),
  SOFTPHONE_NUMBERS: phoneNumbers('15550001001,15550001002'),
  SOFTPHONE_PASSWORD: optional('', (text) =>
    text === '' || PASSWORD.test(text)
      ? text
      : new Wrong('must have 8 to 64 letters, digits and . _ ~ + / = @ ^ ! * -: replace it'),
  ),
  BROWSER_PHONES_URL: optional('', (text) =>
    text === '' || (WEBSOCKET_URL.test(text) && URL.canParse(text))
      ? text
      : new Wrong('is not the URL of a WebSocket: give ws://host:port or wss://host:port'),
  ),
};

export interface SoftphoneSettings {
  readonly SOFTPHONES: boolean;
  readonly SOFTPHONE_NUMBERS: readonly E164[];
  readonly SOFTPHONE_PASSWORD: string;
  readonly BROWSER_PHONES_URL: string;
}

/**
 * The phones of the page, or null for no page: it takes both softphones and a WebSocket for them.
 * @throws ConfigError when the page could not work.
 */
export function browserPhonesOf(given: SoftphoneSettings): BrowserPhones | null {
  if (!given.SOFTPHONES || given.BROWSER_PHONES_URL === '') return null;
  if (given.SOFTPHONE_PASSWORD === '') {
    throw new ConfigError(
      'SOFTPHONE_PASSWORD is not set: give that of FreeSWITCH, or remove BROWSER_PHONES_URL',
    );
  }
  if (given.SOFTPHONE_NUMBERS.length < PHONES_OF_PAGE) {
    throw new ConfigError('SOFTPHONE_NUMBERS names fewer than two: add one, or remove BROWSER_PHONES_URL');
  }
  return {
    url: given.BROWSER_PHONES_URL,
    numbers: given.SOFTPHONE_NUMBERS,
    password: given.SOFTPHONE_PASSWORD,
  };
}
