import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { PIN, pinSession } from '../scenarios/scenario.js';
import { RealBed, type RealLane } from './helpers/real-bed.js';
import { placeSipCall } from './helpers/sip-dialog.js';
import { withTwoPeople, type TwoPeople } from './helpers/two-people.js';
import { until } from '../helpers/until.js';

/** Calls that are left when a drain has ended otherwise take FreeSWITCH about 15 s to hang up. */
const END_MS = 45_000;

let bed: RealBed;
afterEach(async () => {
  try {
    // Each drain was told over the Event Socket: SIGTERM can hold up what controllers, or SIP, need.
    const said = await readFile(bed.freeswitch.logFile, 'utf8');
    expect(said).not.toContain('SIGTERM');
  } finally {
    await bed.close();
  }
});

async function start(environment: Record<string, string>): Promise<void> {
  bed = await RealBed.start({ controllers: 1, lanes: 2, environment });
}

async function isDraining(): Promise<boolean> {
  const connection = await bed.freeswitch.control();
  try {
    return (await connection.api('global_getvar node_draining')).trim() === 'true';
  } finally {
    connection.close();
  }
}

/** How long FreeSWITCH takes from now on to end, with its exit code. */
async function end(): Promise<{ code: number | null; ms: number }> {
  const startedAt = performance.now();
  const code = await bed.freeswitch.ended();
  return { code, ms: Math.round(performance.now() - startedAt) };
}

/** Both phones are told that the call is over, and say yes. */
async function hungUp(people: TwoPeople): Promise<void> {
  await Promise.all([people.a.sip.request('BYE'), people.b.sip.request('BYE')]);
}

describe('SIGTERM with DRAIN=true', () => {
  it('refuses new calls with a plain 503, lets the running one end, and exits 0', async () => {
    await start({ DRAIN: 'true', DRAIN_SECONDS: '60' });
    await withTwoPeople(bed, async (lane, people) => {
      const session = await lane.session();
      const call = await people.connect();
      bed.freeswitch.signal('SIGTERM');
      await until('the node drains', isDraining);
      const { final, dialog } = await placeSipCall(people.a.sip, {
        ...{ port: bed.freeswitch.sipPort, to: lane.did, from: lane.first, rtpPort: people.a.rtp.port },
      });
      expect(dialog).toBeNull();
      expect(final.text).toMatch(/^SIP\/2\.0 503 /);
      // A carrier would send no call for five minutes, also to a node that was started anew.
      expect(final.text).not.toMatch(/^Retry-After/im);
      // The two still hear each other.
      await sleep(1_000);
      expect(people.a.hears(1000) && people.b.hears(400)).toBe(true);
      await call.dialogA.hangUp();
      await people.b.sip.request('BYE');
      const { code, ms } = await end();
      expect(code).toBe(0);
      expect(ms).toBeLessThan(END_MS);
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ endedBy: 'a', cause: 'NORMAL_CLEARING' });
    });
  });

  it('lets a caller who is keying a PIN still reach the other party', async () => {
    await start({ DRAIN: 'true', DRAIN_SECONDS: '60' });
    await withTwoPeople(bed, async (lane, people) => {
      const session = await lane.session(pinSession(lane));
      const { dialog, mediaPort } = await people.call(lane.stranger);
      await until('the prompt plays', () => bed.log.toCaller(lane.did, 0).length === 1);
      bed.freeswitch.signal('SIGTERM');
      await until('the node drains', isDraining);
      await people.a.press(PIN, mediaPort);
      const b = await people.answer();
      await people.talk({ a: mediaPort, b: b.mediaPort });
      await dialog.hangUp();
      await people.b.sip.request('BYE');
      expect((await end()).code).toBe(0);
      await lane.interactions(session.id, 1);
    });
  });

  it.each([
    { how: 'at its deadline', environment: { DRAIN: 'true', DRAIN_SECONDS: '4' }, again: false },
    { how: 'at a second SIGTERM', environment: { DRAIN: 'true', DRAIN_SECONDS: '600' }, again: true },
    { how: 'at once with DRAIN=false', environment: { DRAIN: 'false' }, again: false },
  ])('$how the calls that are left are hung up and their CDRs written', async ({ environment, again }) => {
    await start(environment);
    await withTwoPeople(bed, async (lane, people) => {
      const session = await lane.session();
      await people.connect();
      // Without a controller, the CDRs are all that tells of the end.
      await bed.killController(0);
      bed.freeswitch.signal('SIGTERM');
      if (again) {
        await sleep(2_000);
        bed.freeswitch.signal('SIGTERM');
      }
      const ended = end();
      await hungUp(people);
      const { code, ms } = await ended;
      expect(code).toBe(0);
      expect(ms).toBeLessThan(END_MS);
      expect((await readdir(bed.stack.cdrDir)).filter((name) => name.endsWith('.cdr.json'))).toHaveLength(2);
      await relaunch(lane, session.id);
    });
  });
});

/** FreeSWITCH and the controller come back, and the interaction has both its legs. */
async function relaunch(lane: RealLane, sessionId: string): Promise<void> {
  await bed.freeswitch.launch();
  expect(await isDraining()).toBe(false);
  await bed.startController(0);
  const [interaction] = await lane.interactions(sessionId, 1);
  expect(interaction!.connectedAt).not.toBeNull();
  expect(interaction!.legs.map((leg) => leg.role)).toEqual(['a', 'b']);
  expect(interaction).toMatchObject({ endedBy: 'system' });
}
