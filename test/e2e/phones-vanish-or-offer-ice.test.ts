import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RealBed } from './helpers/real-bed.js';
import { withTwoPeople } from './helpers/two-people.js';

const MEDIA_TIMEOUT_SECONDS = 10;

let bed: RealBed;
beforeAll(async () => {
  bed = await RealBed.start({
    controllers: 1,
    lanes: 2,
    environment: { MEDIA_TIMEOUT: String(MEDIA_TIMEOUT_SECONDS) },
  });
});
afterAll(() => bed.close());

it('a call whose phones say nothing any more, not even goodbye, ends; one in which they talk does not', () =>
  withTwoPeople(bed, async (lane, people) => {
    const session = await lane.session();
    await people.connect();
    await sleep((MEDIA_TIMEOUT_SECONDS + 3) * 1_000);
    expect(await lane.read(session.id)).toMatchObject({ status: 'in-progress' });
    // What they have to say is over some seconds later, and nobody hangs up.
    const [interaction] = await lane.interactions(session.id, 1);
    expect(interaction).toMatchObject({ cause: 'MEDIA_TIMEOUT', endedBy: 'system' });
    expect(await lane.read(session.id)).toMatchObject({ status: 'active' });
  }));

it('an offer of ICE is answered without it, to A and to B', () =>
  withTwoPeople(bed, async (lane, people) => {
    await lane.session();
    const sdpLines = [
      'a=ice-ufrag:abcd',
      'a=ice-pwd:abcdefghijklmnopqrstuvwx',
      'a=candidate:1 1 UDP 2130706431 127.0.0.1 9 typ host',
    ];
    const [called, calling] = await Promise.all([people.answer(), people.call(lane.first, { sdpLines })]);
    await people.talk({ a: calling.mediaPort, b: called.mediaPort });
    for (const sdp of [calling.answer, called.invite]) {
      expect(sdp).toContain('m=audio');
      expect(sdp).not.toMatch(/a=(?:ice-|candidate)/);
    }
    await calling.dialog.hangUp();
    await people.b.sip.request('BYE');
  }));
