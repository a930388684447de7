import { afterEach, describe, expect, it, vi } from 'vitest';
import { FreeswitchNode, type NodeOptions } from '../../../src/freeswitch/node.js';
import { NodeNotHeldError } from '../../../src/lease-holder.js';
import { FakeEventSocket, keepingLog, type FakePeer, type FakeScript } from './fake-event-socket.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const UUID = '525ef7e0-b97f-4ab8-81ea-901bd07e7af5';
const CALL = `{origination_uuid=${UUID}}sofia/gateway/t1/+15550001001 ask-first XML masking`;

/** A node that has one channel, UUID. */
const node: FakeScript = (command, peer) => {
  const { line } = command;
  if (line === 'api switchname') peer.apiReply('node-1');
  else if (line === 'api uptime s') peer.apiReply('100\n');
  else if (line === `api uuid_exists ${UUID}`) peer.apiReply('true');
  else if (line.startsWith('api uuid_exists')) peer.apiReply('false');
  else if (line.startsWith(`api uuid_kill ${UUID} `)) peer.apiReply('+OK\n');
  else if (line.startsWith('api uuid_kill')) peer.apiReply('-ERR No such channel!\n');
  else if (line === 'api show channels as json') {
    peer.apiReply(JSON.stringify({ row_count: 1, rows: [{ uuid: UUID, cid_num: '+15550001001' }] }));
  } else if (line.startsWith('bgapi')) {
    peer.reply('+OK');
    const _body = line.includes('busy') ? '-ERR USER_BUSY\n' : `+OK ${UUID}\n`;
    peer.event({ 'Event-Name': 'BACKGROUND_JOB', 'Job-UUID': command.headers['job-uuid'], _body });
  } else peer.reply('+OK');
};

async function supervised(
  script: FakeScript = node,
  options: Partial<NodeOptions> = {},
): Promise<{
  supervised: FreeswitchNode;
  fake: FakeEventSocket;
  ups: string[];
  downs: unknown[];
  lines: string[];
}> {
  const fake = await FakeEventSocket.start(script);
  const { lines, log } = keepingLog();
  const created = new FreeswitchNode({
    host: '127.0.0.1',
    port: fake.port,
    password: 'secret',
    log,
    backoffMs: { first: 10, longest: 40 },
    ...options,
  });
  closers.push(
    () => fake.stop(),
    () => created.stop(),
  );
  const ups: string[] = [];
  const downs: unknown[] = [];
  created.on('up', (name) => void ups.push(name)).on('down', (cause) => void downs.push(cause));
  created.start();
  return { supervised: created, fake, ups, downs, lines };
}

function subscriber(fake: FakeEventSocket, event: string): FakePeer {
  const found = fake.peers.findLast((peer) =>
    peer.commands.some(({ line }) => line.startsWith('event json') && line.includes(event)),
  );
  if (found === undefined) throw new Error(`nobody subscribed to ${event}`);
  return found;
}

function linesTo(fake: FakeEventSocket): string[] {
  return fake.peers.flatMap((peer) => peer.commands.map(({ line }) => line));
}

const LEG = {
  'FreeSWITCH-Switchname': 'node-1',
  'Unique-ID': UUID,
  'Event-Date-Timestamp': '1795396744727033',
  variable_masking_number: '+15550009999',
  variable_masking_session: 's1',
  variable_masking_interaction: 'i1',
  variable_masking_party: 'first',
  variable_masking_leg: 'a',
};

describe('node', () => {
  it('comes up with two connections and the short subscriptions', async () => {
    const { supervised: it_, fake, ups } = await supervised();
    await vi.waitFor(() => expect(ups).toEqual(['node-1']));
    expect(it_).toMatchObject({ state: 'up', name: 'node-1' });
    expect(fake.peers).toHaveLength(2);
    const subscriptions = fake.peers.flatMap((peer) =>
      peer.commands.filter(({ line }) => line.startsWith('event')),
    );
    expect(subscriptions.map(({ line }) => line).sort()).toEqual([
      'event json BACKGROUND_JOB HEARTBEAT',
      'event json CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_HANGUP_COMPLETE HEARTBEAT SHUTDOWN_REQUESTED',
    ]);
  });

  it('does not tell of an end that is known', async () => {
    const known = new Set<string>();
    const {
      supervised: it_,
      fake,
      ups,
    } = await supervised(node, {
      isEndKnown: (uuid) => known.has(uuid),
    });
    const ended: string[] = [];
    it_.on('leg-ended', ({ leg }) => void ended.push(leg.uuid));
    await vi.waitFor(() => expect(ups).toHaveLength(1));
    const end = {
      ...LEG,
      'Event-Name': 'CHANNEL_HANGUP_COMPLETE',
      variable_start_uepoch: '1795396744727033',
      variable_end_uepoch: '1795396745727033',
    };
    const other = 'a3c1d9f2-1c1b-4f43-8f2e-2f6f1f0d7b22';
    known.add(UUID);
    const peer = subscriber(fake, 'CHANNEL_HANGUP_COMPLETE');
    peer.event(end);
    peer.event({ ...end, 'Unique-ID': other });
    await vi.waitFor(() => expect(ended).toEqual([other]));
  });

  it.each([
    { when: 'while we are connected', before: false },
    { when: 'before we came', before: true },
  ])('is told to refuse new calls when it was told to end $when', async ({ before }) => {
    const draining: FakeScript = (command, peer) => {
      if (command.line === 'api fsctl shutdown_check') peer.apiReply(String(before));
      else node(command, peer);
    };
    const { supervised: it_, fake, ups } = await supervised(draining);
    await vi.waitFor(() => expect(ups).toHaveLength(1));
    expect(it_.draining).toBe(before);
    const peer = subscriber(fake, 'SHUTDOWN_REQUESTED');
    peer.event({ 'Event-Name': 'SHUTDOWN_REQUESTED', 'Event-Info': 'elegant' });
    await vi.waitFor(() => expect(it_.draining).toBe(true));
    await vi.waitFor(() => expect(linesTo(fake)).toContain('api global_setvar node_draining=true'));
    expect(linesTo(fake).filter((line) => line.includes('global_setvar'))).toHaveLength(1);
  });

  it('originates and hangs up nothing while it is not ours, and still answers', async () => {
    const checkHold = (): void => {
      throw new NodeNotHeldError('the lease of the node is not held');
    };
    const { supervised: it_, fake, ups } = await supervised(node, { checkHold });
    await vi.waitFor(() => expect(ups).toHaveLength(1));
    await expect(it_.originate(CALL, UUID)).rejects.toMatchObject({ code: 'ERR_NODE_NOT_HELD' });
    await expect(it_.hangup(UUID, 'NORMAL_CLEARING')).rejects.toMatchObject({ code: 'ERR_NODE_NOT_HELD' });
    expect(await it_.exists(UUID)).toBe(true);
    expect(linesTo(fake).filter((line) => /originate|uuid_kill/.test(line))).toEqual([]);
  });

  it('knows since when its FreeSWITCH is up, a second early at most', async () => {
    const before = Date.now();
    const { supervised: it_, ups } = await supervised();
    expect(it_.upSince).toBe(0);
    await vi.waitFor(() => expect(ups).toHaveLength(1));
    expect(it_.upSince).toBeGreaterThanOrEqual(before - 101_000);
    expect(it_.upSince).toBeLessThanOrEqual(Date.now() - 101_000);
  });

  it('comes up where nothing tells since when', async () => {
    const silent: FakeScript = (command, peer) =>
      command.line === 'api uptime s' ? peer.apiReply('-ERR no such command\n') : node(command, peer);
    const { supervised: it_, ups } = await supervised(silent);
    await vi.waitFor(() => expect(ups).toHaveLength(1));
    expect(it_.upSince).toBe(0);
  });

  it('tells when a FreeSWITCH that was up has died, once, and nothing of attempts that fail', async () => {
    const { supervised: it_, fake, ups, downs } = await supervised();
    const lost: number[] = [];
    it_.on('lost', (at) => void lost.push(at));
    await vi.waitFor(() => expect(ups).toHaveLength(1));
    const diedAt = Date.now();
    await fake.stop();
    await vi.waitFor(() => expect(downs.length).toBeGreaterThan(3));
    expect(lost).toHaveLength(1);
    expect(lost[0]).toBeGreaterThanOrEqual(diedAt);
  });

  it('tells of attempts that were refused because nobody listens there, and of no other', async () => {
    const { supervised: it_, fake, ups } = await supervised();
    const refused: boolean[] = [];
    it_.on('down', (_cause, wasRefused) => void refused.push(wasRefused));
    await vi.waitFor(() => expect(ups).toHaveLength(1));
    await fake.stop();
    await vi.waitFor(() => expect(refused.length).toBeGreaterThan(3));
    // The first is the end of a connection that was there.
    expect(refused.slice(0, 4)).toEqual([false, true, true, true]);
    const wrong = await supervised(node, { password: 'wr0ng-word' });
    const others: boolean[] = [];
    wrong.supervised.on('down', (_cause, wasRefused) => void others.push(wasRefused));
    await vi.waitFor(() => expect(others.length).toBeGreaterThan(1));
    expect(others).not.toContain(true);
  });

  it('a node that falls silent is not said to have died', async () => {
    const { supervised: it_, downs } = await supervised(node, { silenceMs: 80 });
    const lost: number[] = [];
    it_.on('lost', (at) => void lost.push(at));
    await vi.waitFor(() => expect(downs.length).toBeGreaterThan(0));
    expect(lost).toEqual([]);
  });

  it('tells what happens to our legs, and nothing of other channels', async () => {
    const { supervised: it_, fake, ups } = await supervised();
    await vi.waitFor(() => expect(ups).toHaveLength(1));
    const seen: unknown[] = [];
    for (const name of ['leg-ringing', 'leg-answered', 'leg-bridged'] as const) {
      it_.on(name, ({ address, at, role }) => void seen.push([name, address.interactionId, at, role]));
    }
    it_.on('leg-ended', ({ leg }) => void seen.push(['leg-ended', leg.cause, leg.endedBy]));
    const peer = subscriber(fake, 'CHANNEL_ANSWER');
    peer.event({ 'Event-Name': 'CHANNEL_ANSWER', 'FreeSWITCH-Switchname': 'node-1', 'Unique-ID': 'other' });
    peer.event({ 'Event-Name': 'HEARTBEAT' });
    for (const name of ['CHANNEL_PROGRESS', 'CHANNEL_PROGRESS_MEDIA', 'CHANNEL_ANSWER', 'CHANNEL_BRIDGE']) {
      peer.event({ 'Event-Name': name, ...LEG });
    }
    peer.event({
      'Event-Name': 'CHANNEL_HANGUP_COMPLETE',
      ...LEG,
      'Hangup-Cause': 'NORMAL_CLEARING',
      variable_sip_hangup_disposition: 'recv_bye',
      variable_start_uepoch: '1795396742727049',
      variable_end_uepoch: '1795396744727033',
    });
    await vi.waitFor(() => expect(seen).toHaveLength(5));
    expect(seen).toEqual([
      ['leg-ringing', 'i1', 1795396744727, 'a'],
      ['leg-ringing', 'i1', 1795396744727, 'a'],
      ['leg-answered', 'i1', 1795396744727, 'a'],
      ['leg-bridged', 'i1', 1795396744727, 'a'],
      ['leg-ended', 'NORMAL_CLEARING', 'a'],
    ]);
  });

  it('originates, hangs up, and tells what exists', async () => {
    const { supervised: it_, ups } = await supervised();
    await vi.waitFor(() => expect(ups).toHaveLength(1));
    await it_.originate(CALL, UUID);
    expect(await it_.exists(UUID)).toBe(true);
    expect(await it_.exists(UUID.replace('5', '6'))).toBe(false);
    expect(await it_.hangup(UUID, 'NORMAL_CLEARING')).toBe(true);
    expect(await it_.hangup(UUID.replace('5', '6'), 'NORMAL_CLEARING')).toBe(false);
    expect(await it_.channels()).toEqual([UUID]);
  });

  it('an originate that fails has the cause and not the number', async () => {
    const { supervised: it_, ups } = await supervised();
    await vi.waitFor(() => expect(ups).toHaveLength(1));
    const error: unknown = await it_
      .originate(CALL.replace('t1', 'busy'), UUID)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_ORIGINATE', hangupCause: 'USER_BUSY' });
    expect(String(error)).not.toContain('15550001001');
  });

  it('refuses arguments that would be more than one', async () => {
    const { supervised: it_, ups } = await supervised();
    await vi.waitFor(() => expect(ups).toHaveLength(1));
    for (const promise of [
      it_.hangup(`${UUID} x`, 'NORMAL_CLEARING'),
      it_.hangup(UUID, 'NORMAL_CLEARING\n\nexit'),
      it_.exists('*'),
      it_.originate('{origination_uuid=x}y', UUID),
      it_.originate(`${CALL}\n\napi fsctl shutdown`, UUID),
    ]) {
      await expect(promise).rejects.toMatchObject({ code: 'ERR_ESL_COMMAND' });
    }
  });

  it.each(['CHANNEL_ANSWER', 'BACKGROUND_JOB'])(
    'losing the %s connection drops both and brings both back',
    async (event) => {
      const { supervised: it_, fake, ups, downs } = await supervised();
      await vi.waitFor(() => expect(ups).toHaveLength(1));
      subscriber(fake, event).socket.resetAndDestroy();
      await vi.waitFor(() => expect(ups).toHaveLength(2));
      expect(downs).toHaveLength(1);
      expect(fake.peers).toHaveLength(4);
      expect(await it_.exists(UUID)).toBe(true);
    },
  );

  it('a node that falls silent is dropped; one that beats is kept', async () => {
    const { fake, ups, downs } = await supervised(node, { silenceMs: 1_000 });
    await vi.waitFor(() => expect(ups).toHaveLength(1));
    const timer = setInterval(() => {
      for (const peer of fake.peers) peer.event({ 'Event-Name': 'HEARTBEAT' });
    }, 50);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    clearInterval(timer);
    expect(downs).toEqual([]);
    await vi.waitFor(() => expect(downs).toMatchObject([{ code: 'ERR_ESL_HEARTBEAT' }]), 10_000);
    await vi.waitFor(() => expect(ups).toHaveLength(2));
  });

  it('a wrong password is tried again, and never logged', async () => {
    const { supervised: it_, downs, lines } = await supervised(node, { password: 'wr0ng-word' });
    await vi.waitFor(() => expect(downs.length).toBeGreaterThan(2));
    expect(downs[0]).toMatchObject({ code: 'ERR_ESL_AUTH' });
    expect(lines.join()).not.toContain('wr0ng-word');
    await expect(it_.exists(UUID)).rejects.toMatchObject({ code: 'ERR_NODE_DOWN' });
  });

  it('stop ends everything, also during an attempt', async () => {
    const { supervised: it_, fake, ups, downs } = await supervised();
    await it_.stop();
    expect(it_.state).toBe('stopped');
    await vi.waitFor(() =>
      expect(fake.peers.every((peer) => peer.socket.closed || peer.socket.destroyed)).toBe(true),
    );
    expect([ups, downs]).toEqual([[], []]);
    it_.start();
    await vi.waitFor(() => expect(ups).toEqual(['node-1']));
  });
});
