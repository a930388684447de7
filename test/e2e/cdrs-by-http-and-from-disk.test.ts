import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CdrServer } from '../../src/freeswitch/cdr-server.js';
import { legFromCdr } from '../../src/freeswitch/leg-record.js';
import type { LegRecord } from '../../src/masking/interaction.js';
import { freeTcpPort } from '../helpers/ports.js';
import { silentLog } from '../helpers/silent-log.js';
import { RealBed, type RealLane } from './helpers/real-bed.js';
import { until } from '../helpers/until.js';
import { withTwoPeople } from './helpers/two-people.js';

const spoolOf = async (bed: RealBed): Promise<string[]> =>
  (await readdir(bed.stack.cdrDir)).filter((name) => name.endsWith('.cdr.json'));

/** To the first controller that takes CDRs; answers the status. */
async function post(bed: RealBed, document: string, secret: string): Promise<number> {
  const [host] = bed.stack.cdrHosts.split('|');
  const response = await fetch(`http://${host ?? ''}/cdr?uuid=again`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`cdr:${secret}`).toString('base64')}` },
    body: document,
  });
  await response.body?.cancel();
  return response.status;
}

async function shortCall(lane: RealLane): Promise<void> {
  await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
  const call = await lane.call({ from: lane.first, steps: [{ wait: 500 }, { hangup: true }] });
  expect(call.status).toBe(200);
}

describe('what FreeSWITCH posts', () => {
  let bed: RealBed;
  let receiver: CdrServer;
  const taken: unknown[] = [];
  let isAway = false;
  beforeAll(async () => {
    const port = await freeTcpPort();
    bed = await RealBed.start({
      controllers: 1,
      lanes: 3,
      environment: { CDR_HOSTS: `127.0.0.1:${port}` },
      // So that nothing but the receiver and the event connection knows of the end of a call.
      controllerEnvironment: { CDR_DIR: '/tmp/maskline-no-cdrs-here' },
    });
    receiver = new CdrServer({
      host: '127.0.0.1',
      port,
      secret: bed.stack.questionSecret,
      allow: ['127.0.0.1'],
      log: silentLog,
      handle: (document) => {
        if (isAway) return Promise.reject(new Error('away'));
        taken.push(document);
        return Promise.resolve();
      },
    });
    await receiver.listen();
  });
  afterEach(() => {
    taken.length = 0;
    isAway = false;
  });
  afterAll(async () => {
    await bed.close();
    await receiver.close();
  });

  it('is a document for each leg, with the secret, and the file that it wrote before', async () => {
    const lane = await bed.lane();
    const session = await lane.session();
    await shortCall(lane);
    const [interaction] = await lane.interactions(session.id, 1);
    await until('both legs were posted', () => taken.length === 2);
    const ends = (legs: readonly LegRecord[]): string[] =>
      legs.map((leg) => `${leg.role} ${leg.uuid} ${leg.endedAt}`).toSorted();
    expect(ends(taken.map((document) => legFromCdr(document)!.leg))).toEqual(ends(interaction!.legs));
    // The receiver shares no disk: FreeSWITCH leaves its files to whoever forwards them.
    const files = await spoolOf(bed);
    expect(files.toSorted()).toEqual(interaction!.legs.map((leg) => `${leg.uuid}.cdr.json`).toSorted());
    const onDisk = await Promise.all(files.map((name) => readFile(join(bed.stack.cdrDir, name), 'utf8')));
    expect(onDisk.map((text) => legFromCdr(JSON.parse(text) as unknown))).toEqual(
      expect.arrayContaining(taken.map((document) => legFromCdr(document))),
    );
  });

  it('the folder is for FreeSWITCH and its group', async () => {
    expect((await stat(bed.stack.cdrDir)).mode & 0o007).toBe(0);
  });

  it('a receiver that refuses delays nothing that a phone sees', async () => {
    isAway = true;
    const lane = await bed.lane();
    const session = await lane.session();
    await shortCall(lane);
    const [interaction] = await lane.interactions(session.id, 1);
    expect(interaction).toMatchObject({ endedBy: 'a', cause: 'NORMAL_CLEARING' });
  });
});

describe('controllers that take CDRs', () => {
  let bed: RealBed;
  beforeAll(async () => {
    bed = await RealBed.start({
      controllers: 2,
      lanes: 6,
      controllerEnvironment: { WATCHDOG_LIMIT_MS: '0' },
    });
  });
  afterEach(async () => {
    for (const [index, controller] of bed.stack.controllers.entries()) {
      if (controller.pid === null) await bed.startController(index);
      else process.kill(controller.pid, 'SIGCONT');
    }
  });
  afterAll(() => bed.close());

  it('what was posted and taken leaves no file', async () => {
    const lane = await bed.lane();
    const session = await lane.session();
    await shortCall(lane);
    await lane.interactions(session.id, 1);
    await until('the folder is empty', async () => (await spoolOf(bed)).length === 0);
    const logs = await Promise.all(
      bed.stack.controllers.map((controller) => readFile(controller.logFile, 'utf8')),
    );
    expect(logs.join('').match(/"a CDR was taken from a post"/g)).toHaveLength(2);
  });

  it('none runs when a call ends: the files wait, and are taken once', () =>
    withTwoPeople(bed, async (lane, people) => {
      const session = await lane.session();
      await until('nothing is left of calls before', async () => (await spoolOf(bed)).length === 0);
      const call = await people.connect();
      await Promise.all([bed.killController(0), bed.killController(1)]);
      await call.dialogA.hangUp();
      await until('both legs wait', async () => (await spoolOf(bed)).length === 2);
      const documents = await Promise.all(
        (await spoolOf(bed)).map((name) => readFile(join(bed.stack.cdrDir, name), 'utf8')),
      );
      await Promise.all([bed.startController(0), bed.startController(1)]);
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ endedBy: 'a', cause: 'NORMAL_CLEARING' });
      await until('the folder is empty', async () => (await spoolOf(bed)).length === 0);
      for (const document of [...documents, ...documents]) {
        expect(await post(bed, document, bed.stack.questionSecret)).toBe(200);
        expect(await post(bed, document, 'not-the-secret-of-nodes')).toBe(403);
      }
      expect(await lane.interactions(session.id, 1)).toEqual([interaction]);
      expect((await lane.read(session.id))['total_call_count']).toBe(2);
    }));

  it('both hang when a call ends: FreeSWITCH goes on in seconds, nothing is lost, and nothing counts twice', () =>
    withTwoPeople(bed, async (lane, people) => {
      const session = await lane.session();
      const call = await people.connect();
      for (const controller of bed.stack.controllers) process.kill(controller.pid!, 'SIGSTOP');
      const endedAt = performance.now();
      await call.dialogA.hangUp();
      const control = await bed.freeswitch.control();
      try {
        await until('no channel is left', async () => /^0 total/m.test(await control.api('show channels')));
      } finally {
        control.close();
      }
      // Two tries of 2 s with 1 s between; a machine that is busy adds to it.
      expect(performance.now() - endedAt).toBeLessThan(15_000);
      for (const controller of bed.stack.controllers) process.kill(controller.pid!, 'SIGCONT');
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ endedBy: 'a', cause: 'NORMAL_CLEARING' });
      expect((await lane.read(session.id))['total_call_count']).toBe(2);
    }));

  it('none runs when FreeSWITCH is stopped with a call up: its record is complete all the same', () =>
    withTwoPeople(bed, async (lane, people) => {
      const session = await lane.session();
      // Files of posted CDRs go together, a moment after.
      await until('nothing is left of calls before', async () => (await spoolOf(bed)).length === 0);
      await people.connect();
      await Promise.all([bed.killController(0), bed.killController(1)]);
      await bed.freeswitch.end('SIGTERM');
      expect(await spoolOf(bed)).toHaveLength(2);
      await bed.freeswitch.launch();
      await Promise.all([bed.startController(0), bed.startController(1)]);
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ endedBy: 'system', cause: 'SYSTEM_SHUTDOWN' });
      expect(interaction!.legs.map((leg) => leg.role)).toEqual(['a', 'b']);
      expect((await lane.read(session.id))['total_call_count']).toBe(2);
    }));

  it('one that hangs costs one delay: the next CDRs go to the other', () =>
    withTwoPeople(bed, async (lane, people) => {
      const session = await lane.session();
      const call = await people.connect();
      process.kill(bed.stack.controllers[0]!.pid!, 'SIGSTOP');
      await call.dialogA.hangUp();
      const [interaction] = await lane.interactions(session.id, 1);
      expect(interaction).toMatchObject({ endedBy: 'a' });
    }));
});
