import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 30;
const WITHIN_MS = 20_000;

/** Waits until `holds` answers true; throws naming `what` when it does not within `withinMs` milliseconds. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = WITHIN_MS,
): Promise<void> {
  await found(what, async () => ((await holds()) ? true : null), withinMs);
}

/** What `look` finds, as soon as it finds something; throws as `until` does. */
export async function found<T>(
  what: string,
  look: () => Promise<T | null | undefined>,
  withinMs = WITHIN_MS,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const thing = await look();
    if (thing !== null && thing !== undefined) return thing;
    if (performance.now() > deadline) throw new Error(`it did not come to be that ${what}`);
    await sleep(LOOK_EVERY_MS);
  }
}
