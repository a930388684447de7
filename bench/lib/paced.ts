import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two looks at what is due. */
const TICK_MS = 5;

/** Begins `work` for 0 to `count` - 1, `rate` a second, whatever becomes of it; resolves when the last has begun. */
export async function atRate(rate: number, count: number, work: (n: number) => void): Promise<void> {
  const start = performance.now();
  for (let begun = 0; begun < count;) {
    const due = Math.min(count, Math.ceil(((performance.now() - start) / 1_000) * rate));
    for (; begun < due; begun += 1) work(begun);
    await sleep(TICK_MS);
  }
}
