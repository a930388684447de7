import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../helpers/until.js';
import { Voices } from '../../faults/lib/voices.js';
import { aCall } from './calls.js';

/** A FreeSWITCH that passes the audio of one port to the other. */
async function bridge(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

describe('who hears whom', () => {
  let voices: Voices;
  let [forA, forB]: [Socket, Socket] = [null as never, null as never];
  beforeEach(async () => {
    voices = await Voices.open();
    [forA, forB] = [await bridge(), await bridge()];
    forA.on('message', (packet) => forB.send(packet, voices.portOf('b'), '127.0.0.1'));
    forB.on('message', (packet) => forA.send(packet, voices.portOf('a'), '127.0.0.1'));
  });
  afterEach(async () => {
    await voices.close();
    forA.close();
    forB.close();
  });

  it('two people of one call hear each other', async () => {
    const call = aCall({}, 123_456);
    voices.join(call, 'a', forA.address().port);
    voices.join(call, 'b', forB.address().port);
    await until('they hear each other', () => call.heard.a !== null && call.heard.b !== null, 5_000);
    expect(voices.mixups).toEqual([]);
  });

  it('two people of different calls are a mix-up, on both sides', async () => {
    voices.join(aCall({}, 7), 'a', forA.address().port);
    voices.join(aCall({}, 8), 'b', forB.address().port);
    await until('it is noticed', () => voices.mixups.length >= 2, 5_000);
    expect(voices.mixups).toContainEqual(expect.objectContaining({ call: 7, heardBy: 'a', heardCall: 8 }));
    expect(voices.mixups).toContainEqual(expect.objectContaining({ call: 8, heardBy: 'b', heardCall: 7 }));
  });

  it('it is known when nobody could hear anybody, because our own process stood still', async () => {
    await until('it ticks', () => true);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const from = Date.now();
    while (Date.now() < from + 600);
    await until('it ticks again', () => voices.standstills.length > 0, 5_000);
    expect(voices.standstills[0]).toBeGreaterThan(500);
  });

  it('no packet has a timestamp that silence of 160 samples a piece reaches from the last one', async () => {
    const stamps: number[] = [];
    forA.on('message', (packet) => stamps.push(packet.readUInt32BE(4)));
    voices.join(aCall({}, 10), 'a', forA.address().port);
    await until('it has talked', () => stamps.length >= 4, 5_000);
    const steps = stamps.slice(1).map((stamp, index) => stamp - (stamps[index] ?? 0));
    expect(steps.every((step) => step > 0 && step % 160 !== 0)).toBe(true);
  });

  it('a phone that is muted says nothing, though it answers later', async () => {
    const call = aCall({}, 11);
    let heard = 0;
    forA.on('message', () => (heard += 1));
    voices.join(call, 'a', forA.address().port);
    await until('it talks', () => heard > 0, 5_000);
    voices.mute(call);
    await new Promise((resolve) => setTimeout(resolve, 100));
    heard = 0;
    voices.join(call, 'a', forA.address().port);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(heard).toBe(0);
  });

  it('a person who hears only themselves is a mix-up', async () => {
    const call = aCall({}, 9);
    forA.removeAllListeners('message');
    forA.on('message', (packet) => forA.send(packet, voices.portOf('a'), '127.0.0.1'));
    voices.join(call, 'a', forA.address().port);
    await until('it is noticed', () => voices.mixups.length > 0, 5_000);
    expect(call.heard.a).toBeNull();
  });
});
