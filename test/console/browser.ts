import { execFileSync } from 'node:child_process';

import { chromium, type Browser } from 'playwright-core';

/** The browser of this machine: CHROMIUM_BIN, or one in the path. Throws when there is none. */
export function browserPath(): string {
  const given = process.env['CHROMIUM_BIN'];
  if (given !== undefined && given !== '') return given;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    } catch {
      // The next one.
    }
  }
  throw new Error('no Chromium was found: install it, or set CHROMIUM_BIN');
}

/** A Chromium without a window; as root it has no sandbox of its own. */
export function openBrowser(): Promise<Browser> {
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({
    executablePath: browserPath(),
    args: [...(isRoot ? ['--no-sandbox'] : []), '--autoplay-policy=no-user-gesture-required'],
  });
}
