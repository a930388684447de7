import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';

import type { ConsoleSession } from '../../console/src/api/resources.js';
import { startChromium } from '../helpers/chromium.js';
import { ConsoleFixture } from './fixture/server.js';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** A page of the console with all that went wrong in it. */
export class Bed {
  /** Console errors, uncaught exceptions and violations of the policy. */
  readonly problems: string[] = [];
  /** Requests to anywhere but the fixture. */
  readonly strangers: string[] = [];

  constructor(
    readonly fixture: ConsoleFixture,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.on('console', (message) => {
      // A refusal that a test asked for is told by the browser, too.
      const isRefusal = message.text().startsWith('Failed to load resource');
      if (['error', 'warning'].includes(message.type()) && !isRefusal) this.problems.push(message.text());
    });
    page.on('pageerror', (error) => this.problems.push(String(error)));
    context.on('request', (request) => {
      const { origin } = new URL(request.url());
      if (origin !== new URL(fixture.url).origin && !request.url().startsWith('data:')) {
        this.strangers.push(request.url());
      }
    });
  }

  /** Opens the page at `#…`, and waits until it is live. */
  async open(hash = '#/overview'): Promise<Page> {
    await this.page.goto(this.fixture.url + hash);
    await this.page.locator('.connection .badge:text-is("live")').waitFor();
    return this.page;
  }

  /** What axe-core finds that is serious or worse: rule and element. */
  async flaws(): Promise<string[]> {
    // The page's policy lets no script tag in; the browser's own tools may.
    if (!(await this.page.evaluate(() => 'axe' in window)))
      await this.page.evaluate(await readFile(AXE, 'utf8'));
    return this.page.evaluate(async () => {
      const { violations } = await (window as unknown as { axe: Axe }).axe.run(document);
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
    });
  }
}

interface Axe {
  run(context: Document): Promise<{
    violations: { id: string; impact: string | null; nodes: { html: string }[] }[];
  }>;
}

export interface BedOptions {
  readonly session?: Partial<ConsoleSession>;
  readonly width?: number;
  readonly theme?: 'light' | 'dark';
}

/** A browser for the file's tests, and for each of them a fixture and a page of its own, with nothing amiss at the end. */
export function useBed(options: BedOptions = {}): () => Bed {
  let browser: Browser;
  let bed: Bed;
  beforeAll(async () => {
    // Audio plays though nobody clicked.
    browser = await startChromium(['--autoplay-policy=no-user-gesture-required']);
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    const fixture = await ConsoleFixture.start(options.session);
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1280, height: 800 },
      colorScheme: options.theme ?? 'light',
      reducedMotion: 'reduce',
      locale: 'en-GB',
      timezoneId: 'UTC',
    });
    bed = new Bed(fixture, context, await context.newPage());
  });
  afterEach(async () => {
    await bed.context.close();
    await bed.fixture.close();
    expect(bed.problems).toEqual([]);
    expect(bed.strangers).toEqual([]);
  });
  return () => bed;
}
