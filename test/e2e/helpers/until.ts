import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 30;

/** Waits until `holds` answers true; throws naming `what` when it does not within `withinMs` milliseconds. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`it did not come to be that ${what}`);
    await sleep(LOOK_EVERY_MS);
  }
}
