import { expect } from 'vitest';
import type { Lane } from '../bed.js';
import { PIN, pinSession, SECOND_PIN, type Scenario } from '../scenario.js';

/** Sessions with so many PINs of 4 digits that one guess is too much of a risk: callers are asked for more. */
async function crowd(lane: Lane): Promise<void> {
  for (let index = 0; index < 25; index += 1) {
    const phone = (party: number): string => `+1555${lane.did.slice(-4)}${100 + 2 * index + party}`;
    await lane.session(
      pinSession(lane, {
        first_party: phone(0),
        second_party: phone(1),
        first_party_pin: String(2000 + index),
        second_party_pin: String(3000 + index),
      }),
    );
  }
}

/** The last six digits of a party's number, keyed after the PIN. */
function ownDigits(number: string): string {
  return number.slice(-6);
}

export const pin: Scenario[] = [
  {
    name: "an unknown caller with the first party's PIN reaches the second party",
    async run(lane) {
      const session = await lane.session(pinSession(lane));
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      const call = await lane.call({
        from: lane.stranger,
        steps: [{ wait: 1500 }, { press: PIN }, { wait: 3000 }, { hangup: true }],
      });
      expect(call).toMatchObject({ status: 200, endedByCaller: true });
      expect(call.heard).toEqual(['pin-prompt']);
      expect(await lane.invites()).toMatchObject([{ called: lane.second, callerNumber: lane.did }]);
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ caller: 'first', endedBy: 'a' });
      expect(interaction!.connectedAt).not.toBeNull();
    },
  },
  {
    name: "an unknown caller with the second party's PIN reaches the first party",
    async run(lane) {
      const session = await lane.session(pinSession(lane));
      await lane.callee(lane.first, { kind: 'answer', afterMs: 200 });
      const call = await lane.call({
        from: lane.stranger,
        steps: [{ wait: 1500 }, { press: SECOND_PIN }, { wait: 2500 }, { hangup: true }],
      });
      expect(call.status).toBe(200);
      expect(await lane.invites()).toMatchObject([{ called: lane.first }]);
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ caller: 'second' });
    },
  },
  {
    name: 'a withheld caller is asked for the PIN and reaches the other party',
    async run(lane) {
      const session = await lane.session(pinSession(lane));
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      const call = await lane.call({
        from: 'anonymous',
        headers: { Privacy: 'id', 'P-Asserted-Identity': `<sip:${lane.first}@carrier.example>` },
        steps: [{ wait: 1500 }, { press: PIN }, { wait: 2500 }, { hangup: true }],
      });
      expect(call.status).toBe(200);
      expect(await lane.invites()).toMatchObject([{ called: lane.second, callerNumber: lane.did }]);
      await lane.interactions(session.id, 1);
    },
  },
  ...(
    [
      ['P-Asserted-Identity', (number: string) => `<sip:${number}@carrier.example>`],
      ['Remote-Party-ID', (number: string) => `<sip:${number}@carrier.example>;party=calling;privacy=full`],
    ] as const
  ).map(([header, identity]): Scenario => ({
    name: `a withheld caller whose own number stands in ${header} is asked for the PIN all the same`,
    async run(lane) {
      await lane.session(pinSession(lane, { pin_retry: 0 }));
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      const call = await lane.call({
        from: 'anonymous',
        headers: { [header]: identity(lane.first) },
        steps: [{ wait: 1500 }, { press: '99#' }],
      });
      expect(call).toMatchObject({ status: 200, endedByCaller: false });
      expect(call.heard).toEqual(['pin-prompt', 'pin-wrong']);
      expect(await lane.invites()).toEqual([]);
    },
  })),
  {
    name: "a party who keys the other one's PIN would ring its own phone, and is refused",
    async run(lane) {
      await lane.session(pinSession(lane, { force_pin_authentication: true }));
      await lane.callee(lane.first, { kind: 'answer', afterMs: 200 });
      const call = await lane.call({ from: lane.first, steps: [{ wait: 1500 }, { press: SECOND_PIN }] });
      expect(call).toMatchObject({ status: 200, endedByCaller: false });
      expect(await lane.invites()).toEqual([]);
    },
  },
  {
    name: 'a wrong PIN and then the right one connects',
    async run(lane) {
      const session = await lane.session(pinSession(lane));
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      const call = await lane.call({
        from: lane.stranger,
        steps: [
          { wait: 1500 },
          { press: '9999' },
          { wait: 3500 },
          { press: PIN },
          { wait: 3000 },
          { hangup: true },
        ],
      });
      expect(call.status).toBe(200);
      expect(call.heard).toEqual(['pin-prompt', 'pin-wrong', 'pin-prompt']);
      expect(await lane.invites()).toHaveLength(1);
      await lane.interactions(session.id, 1);
    },
  },
  {
    name: 'wrong PINs until the attempts are used up end the call without dialling',
    async run(lane) {
      await lane.session(pinSession(lane));
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      const call = await lane.call({
        from: lane.stranger,
        steps: [{ wait: 1500 }, { press: '9999' }, { wait: 3500 }, { press: '8888' }],
      });
      expect(call).toMatchObject({ status: 200, endedByCaller: false });
      expect(call.heard).toEqual(['pin-prompt', 'pin-wrong', 'pin-prompt', 'pin-wrong']);
      expect(await lane.invites()).toEqual([]);
    },
  },
  {
    name: 'a caller who keys nothing is asked again after the wait, then hung up',
    async run(lane) {
      await lane.session(pinSession(lane, { pin_retry: 1, pin_retry_wait: 5 }));
      const call = await lane.call({ from: lane.stranger });
      expect(call).toMatchObject({ status: 200, endedByCaller: false });
      expect(call.heard).toEqual(['pin-prompt', 'pin-wrong', 'pin-prompt', 'pin-wrong']);
      expect(call.talkMs).toBeGreaterThan(10_000);
      expect(await lane.invites()).toEqual([]);
    },
  },
  {
    name: 'with no retry a short PIN ended by # is a wrong one',
    async run(lane) {
      await lane.session(pinSession(lane, { pin_retry: 0 }));
      const call = await lane.call({ from: lane.stranger, steps: [{ wait: 1500 }, { press: '12#' }] });
      expect(call).toMatchObject({ status: 200, endedByCaller: false });
      expect(call.heard).toEqual(['pin-prompt', 'pin-wrong']);
      expect(await lane.invites()).toEqual([]);
    },
  },
  {
    name: 'a short PIN with no # is a wrong one after the pause between keys',
    async run(lane) {
      await lane.session(pinSession(lane, { pin_retry: 0 }));
      const call = await lane.call({ from: lane.stranger, steps: [{ wait: 1500 }, { press: '123' }] });
      expect(call).toMatchObject({ status: 200, endedByCaller: false });
      expect(call.heard).toEqual(['pin-prompt', 'pin-wrong']);
    },
  },
  {
    name: '# ends a PIN at once where PINs of several lengths live',
    async run(lane) {
      const session = await lane.session(
        pinSession(lane, { first_party_pin: '123456', second_party_pin: '7890' }),
      );
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      const call = await lane.call({
        from: lane.stranger,
        steps: [{ wait: 1500 }, { press: '123456#' }, { wait: 3000 }, { hangup: true }],
      });
      expect(call.status).toBe(200);
      expect(await lane.invites()).toHaveLength(1);
      await lane.interactions(session.id, 1);
    },
  },
  {
    name: 'a PIN followed by more digits is a wrong one where PINs of several lengths live',
    async run(lane) {
      await lane.session(
        pinSession(lane, { first_party_pin: '123456', second_party_pin: '7890', pin_retry: 0 }),
      );
      const call = await lane.call({ from: lane.stranger, steps: [{ wait: 1500 }, { press: '78901#' }] });
      expect(call).toMatchObject({ status: 200, endedByCaller: false });
      expect(await lane.invites()).toEqual([]);
    },
  },
  {
    name: 'a registered caller is asked for the PIN when the session forces it',
    async run(lane) {
      const session = await lane.session(pinSession(lane, { force_pin_authentication: true }));
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      const call = await lane.call({
        from: lane.first,
        steps: [{ wait: 1500 }, { press: PIN }, { wait: 2500 }, { hangup: true }],
      });
      expect(call.status).toBe(200);
      expect(call.heard).toEqual(['pin-prompt']);
      expect(await lane.invites()).toHaveLength(1);
      await lane.interactions(session.id, 1);
    },
  },
  {
    name: 'a registered caller is not asked for the PIN otherwise',
    async run(lane) {
      const session = await lane.session(pinSession(lane));
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      const call = await lane.call({ from: lane.first, steps: [{ wait: 800 }, { hangup: true }] });
      expect(call.status).toBe(200);
      expect(call.heard).toEqual([]);
      await lane.interactions(session.id, 1);
    },
  },
  {
    name: 'A hangs up during the PIN prompt and nobody is dialled',
    async run(lane) {
      await lane.session(pinSession(lane));
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      const call = await lane.call({
        from: lane.stranger,
        steps: [{ wait: 1200 }, { press: '12' }, { hangup: true }],
      });
      expect(call).toMatchObject({ status: 200, endedByCaller: true });
      expect(await lane.invites()).toEqual([]);
    },
  },
  {
    name: 'B is busy after a right PIN: the answered caller hears so and is hung up',
    async run(lane) {
      const session = await lane.session(pinSession(lane));
      await lane.callee(lane.second, { kind: 'refuse', status: 486, afterMs: 200 });
      const call = await lane.call({ from: lane.stranger, steps: [{ wait: 1500 }, { press: PIN }] });
      expect(call).toMatchObject({ status: 200, endedByCaller: false });
      expect(call.heard).toEqual(['pin-prompt', 'cannot-connect']);
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ connectedAt: null });
      expect(interaction!.legs.find((leg) => leg.role === 'b')).toMatchObject({
        cause: 'USER_BUSY',
        sipStatus: 486,
      });
    },
  },
  {
    name: 'where PINs could be guessed, the right one is not enough: digits of the own number connect',
    async run(lane) {
      await crowd(lane);
      const session = await lane.session(pinSession(lane));
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      const talk = [{ wait: 2500 }, { hangup: true }] as const;
      const call = await lane.call({
        from: lane.stranger,
        steps: [
          { wait: 1500 },
          { press: PIN },
          { wait: 2000 },
          { press: ownDigits(lane.second) },
          { wait: 3500 },
          { press: PIN },
          { wait: 2000 },
          { press: ownDigits(lane.first) },
          ...talk,
        ],
      });
      expect(call).toMatchObject({ status: 200, endedByCaller: true });
      const question = ['pin-prompt', 'own-digits'];
      expect(call.heard).toEqual([...question, 'pin-wrong', ...question]);
      expect(await lane.invites()).toMatchObject([{ called: lane.second, callerNumber: lane.did }]);
      await lane.interactions(session.id, 1);
      // The phone is known from now on.
      const again = await lane.call({
        from: lane.stranger,
        steps: [{ wait: 1500 }, { press: PIN }, ...talk],
      });
      expect(again.heard).toEqual(['pin-prompt']);
      expect(await lane.invites()).toHaveLength(2);
      await lane.interactions(session.id, 2);
    },
  },
  {
    name: 'where PINs could be guessed, a wrong one sounds like the right one',
    async run(lane) {
      await crowd(lane);
      await lane.session(pinSession(lane, { pin_retry: 0 }));
      await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
      for (const pin of ['9999', PIN]) {
        const call = await lane.call({
          from: 'anonymous',
          headers: { Privacy: 'id' },
          steps: [{ wait: 1500 }, { press: pin }, { wait: 2000 }, { press: '999999' }],
        });
        expect(call).toMatchObject({ status: 200, endedByCaller: false });
        expect(call.heard).toEqual(['pin-prompt', 'own-digits', 'pin-wrong']);
      }
      expect(await lane.invites()).toEqual([]);
    },
  },
  {
    name: 'after three wrong PINs a caller is asked for digits of the own number as well',
    async run(lane) {
      const session = await lane.session(pinSession(lane, { pin_retry: 3 }));
      await lane.callee(lane.first, { kind: 'answer', afterMs: 200 });
      const wrong = ['9999', '8888', '7777'].flatMap((pin) => [{ wait: 2500 }, { press: pin }]);
      const call = await lane.call({
        from: lane.stranger,
        steps: [
          ...wrong,
          { wait: 2500 },
          { press: SECOND_PIN },
          { wait: 2000 },
          { press: ownDigits(lane.second) },
          { wait: 2500 },
          { hangup: true },
        ],
      });
      expect(call.heard.slice(-3)).toEqual(['pin-wrong', 'pin-prompt', 'own-digits']);
      expect(call.heard.filter((name) => name === 'own-digits')).toHaveLength(1);
      expect(await lane.invites()).toMatchObject([{ called: lane.first }]);
      await lane.interactions(session.id, 1);
    },
  },
];
