import { expect } from 'vitest';

import { until } from '../../helpers/until.js';
import { figure } from '../../helpers/figure.js';
import { Receiver } from '../../helpers/receiver.js';
import type { SimBed } from '../../helpers/sim-bed.js';
import { TALK } from './one-day.js';

const SESSIONS = 20;
/** An election and connections anew, and a delivery whose worker was cut short, on a busy machine. */
const PATIENCE_MS = 90_000;
/** Outlasts the fail-over where nothing else keeps the machine busy. */
const LONG_TALK_MS = 10_000;

export interface MasterOfNumber {
  /** Resolves once the replicas have all that was written until now. */
  replicated(): Promise<void>;
  /** kill -9 of the Redis that is the master of this virtual number. */
  kill(did: string): Promise<void>;
}

/**
 * The master that holds a number dies while a call of it is up and others come: what docs/reliability.md promises for a
 * Redis that dies holds, and the controllers go on by themselves once a replica has taken over.
 */
export async function aMasterDies(bed: SimBed, master: MasterOfNumber): Promise<void> {
  const { stack } = bed;
  const receiver = await Receiver.start();
  try {
    const pids = stack.controllers.map(({ pid }) => pid);
    const [lane, other] = [await bed.lane(), await bed.lane()];
    for (const each of [lane, other]) await each.callee(each.second, { kind: 'answer', afterMs: 100 });
    await lane.callee(lane.first, { kind: 'answer', afterMs: 100 });
    const { id } = await lane.session({ callback_url: receiver.url('/long') });
    await other.session({ callback_url: receiver.url('/other') });
    const acknowledged: string[] = [];
    for (let index = 0; index < SESSIONS; index += 1) {
      const phone = (party: number): string => `+1555${lane.did.slice(-4)}${100 + 2 * index + party}`;
      acknowledged.push((await lane.session({ first_party: phone(0), second_party: phone(1) })).id);
    }

    const long = lane.call({ from: lane.first, steps: [{ wait: LONG_TALK_MS }, { hangup: true }] });
    await lane.running(id);
    await until('both are told to talk', () => receiver.told.length >= 3, PATIENCE_MS);
    await master.replicated();
    await master.kill(lane.did);
    const diedAt = performance.now();

    // Who calls meanwhile is led on, or hears the announcement within the time of a question: nothing else.
    const meanwhile = [other.call({ from: other.first, steps: TALK }), lane.call({ from: lane.second })];
    await until(
      'the number is served again',
      async () => (await stack.api('GET', `/Masking/Session/${id}/`)).status === 200,
      PATIENCE_MS,
    );
    const servedAfterMs = Math.round(performance.now() - diedAt);
    const [led, second] = await Promise.all(meanwhile);
    figure({ servedAfterMs, led: led!.status, second: second!.status });
    if (led!.status !== 200) expect(led).toMatchObject({ status: 503, heard: ['unavailable'] });
    // The party whose session is in a call is told so: it is known to be, also by the new master.
    if (second!.status !== 486) expect(second).toMatchObject({ status: 503, heard: ['unavailable'] });
    await until(
      'callers are led on again',
      async () => (await other.call({ from: other.first, steps: TALK })).status === 200,
      PATIENCE_MS,
    );

    expect(await long).toMatchObject({ status: 200, endedByCaller: true });
    const [interaction] = await lane.interactions(id, 1);
    expect(interaction).toMatchObject({ cause: 'NORMAL_CLEARING', endedBy: 'a' });
    for (const session of acknowledged) {
      expect(await lane.read(session)).toMatchObject({ status: 'active' });
    }
    // With new sessions and calls all is as before.
    expect(await lane.call({ from: lane.second, steps: TALK })).toMatchObject({ status: 200 });
    await until(
      'everything is told',
      () => isTold(receiver, '/long', 2) && isTold(receiver, '/other', 1),
      PATIENCE_MS,
    );
    for (const [index, controller] of stack.controllers.entries()) {
      expect(controller.pid).toBe(pids[index]);
      const ready = await fetch(`${controller.url}/readyz`);
      expect(await ready.json()).toMatchObject({ status: 'ready' });
    }
  } finally {
    await receiver.close();
  }
}

/** Whether a session was told of the end of at least so many calls, and of all that its numbers count up to. */
function isTold(receiver: Receiver, target: string, calls: number): boolean {
  const events = receiver.told.filter((told) => told.target === target).map(({ fields }) => fields);
  const bySequence = new Map(
    events.map((event) => [Number(event['SequenceNumber']), event['EventName'] ?? '']),
  );
  const ends = [...bySequence.values()].filter((name) => name === 'SessionPartiesHangup');
  return ends.length >= calls && bySequence.size === Math.max(...bySequence.keys());
}
