import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PIN, pinSession } from '../scenarios/scenario.js';
import { RealBed, type RealLane } from './helpers/real-bed.js';
import { withTwoPeople } from './helpers/two-people.js';

/** The carrier calls the contact that FreeSWITCH registered: its user is the gateway's, and the number is in To. */
const contactOf = (lane: RealLane): { requestUser: string } => ({ requestUser: `gw+${lane.trunk}` });

let bed: RealBed;

beforeAll(async () => {
  bed = await RealBed.start({ controllers: 1, lanes: 2 });
});

afterAll(() => bed.close());

it('connects a known caller by the number that was dialled', () =>
  withTwoPeople(bed, async (lane, people) => {
    const session = await lane.session();
    const [called, calling] = await Promise.all([people.answer(), people.call(lane.first, contactOf(lane))]);
    await people.talk({ a: calling.mediaPort, b: called.mediaPort });
    await calling.dialog.hangUp();
    await lane.interactions(session.id, 1);
  }));

it('and a stranger with a PIN, about whom it is asked again once the prompt has been played', () =>
  withTwoPeople(bed, async (lane, people) => {
    const session = await lane.session(pinSession(lane));
    const [called, calling] = await Promise.all([
      people.answer(),
      people.call(lane.stranger, contactOf(lane)).then(async (call) => {
        await sleep(1500);
        await people.a.press(PIN, call.mediaPort);
        return call;
      }),
    ]);
    await people.talk({ a: calling.mediaPort, b: called.mediaPort });
    await calling.dialog.hangUp();
    const [interaction] = await lane.interactions(session.id, 1);
    expect(interaction).toMatchObject({ caller: 'first' });
  }));
