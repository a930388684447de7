import { chromium, type Browser } from 'playwright-core';

import { executable } from './executable.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** The Chromium of this machine (`CHROMIUM_BIN`, else PATH). Throws where there is none. */
export function requireChromium(): string {
  const found = executable('CHROMIUM_BIN', NAMES);
  if (found !== null) return found;
  throw new Error('no Chromium was found: set CHROMIUM_BIN, or put chromium into PATH');
}

/** Starts it without a window. `flags` are further ones of its command line. */
export async function startChromium(flags: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: requireChromium(),
    headless: true,
    args: ['--no-sandbox', '--disable-dev-shm-usage', ...flags],
  });
}
