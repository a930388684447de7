import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Packet, RtpTalker } from '../../e2e/helpers/rtp.js';
import type { LoadCall, Side } from './call.js';

/** A packet of each talker goes out this often, in milliseconds: enough to be heard, little enough to be many. */
const EVERY_MS = 200;
const TICK_MS = 20;
const SLOTS = EVERY_MS / TICK_MS;
const RTP_HEADER = 12;
/**
 * Every second packet's timestamp is moved by half a packet, in samples. FreeSWITCH fills the time between two packets
 * with silence of its own, 160 samples each, counted from the last packet's timestamp, and sends none whose timestamp
 * it used before: once it is one filler ahead, it would drop every packet of a talker as rare as ours.
 */
const BESIDE = 80;
const SAMPLES = 160;
/** A tick that is later than this, in milliseconds, says that our own process stood still, and with it every phone. */
const STANDSTILL_MS = 300;
/** Words of a packet: which call, and which of its two people. Bytes that survive a round of mu-law. */
const NIBBLE = 0x90;
const MAGIC = [0xa1, 0x9c, 0xa7, 0x93];
const ID_NIBBLES = 7;
const WORD = MAGIC.length + ID_NIBBLES + 2;

interface Voice {
  readonly call: LoadCall;
  readonly side: Side;
  readonly header: Buffer;
  readonly payload: Buffer;
  readonly port: number;
}

/** Somebody heard a person whom nobody connected with them. */
export interface Mixup {
  readonly call: number;
  readonly heardBy: Side;
  readonly heardCall: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * The audio of every call: each person says who they are, in samples that pass FreeSWITCH unchanged, and each
 * packet that arrives tells who is heard. One socket for all callers and one for all called phones.
 */
export class Voices {
  readonly mixups: Mixup[] = [];
  /** How long our own process stood still, each time, in milliseconds. It excuses nothing: a run tells of it. */
  readonly standstills: number[] = [];
  #tickedAt = Date.now();
  readonly #sockets: Record<Side, Socket>;
  readonly #voices: Record<Side, Map<LoadCall, Voice>> = { a: new Map(), b: new Map() };
  /** Who is heard from which of FreeSWITCH's ports. */
  readonly #ports: Record<Side, Map<number, Voice>> = { a: new Map(), b: new Map() };
  readonly #muted = new WeakSet<LoadCall>();
  readonly #slots: Set<Voice>[] = Array.from({ length: SLOTS }, () => new Set());
  readonly #timer: NodeJS.Timeout;
  #slot = 0;
  #closed = false;
  #ssrc = 0x20000000;

  private constructor(sockets: Record<Side, Socket>) {
    this.#sockets = sockets;
    for (const side of ['a', 'b'] as const) {
      sockets[side].on('message', (packet, { port }) => this.#hear(side, packet, port));
      sockets[side].on('error', () => undefined);
    }
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  static async open(): Promise<Voices> {
    return new Voices({ a: await audioSocket(), b: await audioSocket() });
  }

  portOf(side: Side): number {
    return this.#sockets[side].address().port;
  }

  /** From now on the side of the call speaks to `port`, and is heard from there. */
  join(call: LoadCall, side: Side, port: number): void {
    this.leave(call, side);
    if (this.#muted.has(call)) return;
    this.#ssrc += 1;
    const header = Buffer.alloc(RTP_HEADER);
    header.writeUInt8(0x80, 0);
    header.writeUInt32BE(this.#ssrc, 8);
    const voice = { call, side, header, payload: payloadOf(call.id, side), port };
    this.#voices[side].set(call, voice);
    this.#ports[side].set(port, voice);
    this.#slots[call.id % SLOTS]?.add(voice);
  }

  leave(call: LoadCall, side: Side): void {
    const voice = this.#voices[side].get(call);
    if (voice === undefined) return;
    this.#voices[side].delete(call);
    this.#slots[call.id % SLOTS]?.delete(voice);
    // The port may be another call's by now.
    if (this.#ports[side].get(voice.port) === voice) this.#ports[side].delete(voice.port);
  }

  /** Neither side of the call says anything any more, though it be answered yet. */
  mute(call: LoadCall): void {
    this.#muted.add(call);
    for (const side of ['a', 'b'] as const) this.leave(call, side);
  }

  /** A presses keys, to FreeSWITCH's `port`; answers how long that takes, in milliseconds. One talker a call. */
  press(talker: RtpTalker, keys: string, port: number): number {
    const packets: Packet[] = [...talker.speech(200)];
    const begun = (packets.at(-1)?.atMs ?? 0) + TICK_MS;
    for (const packet of talker.keys(keys)) packets.push({ ...packet, atMs: packet.atMs + begun });
    for (const { atMs, payload } of packets) {
      setTimeout(() => this.#send('a', payload, port), atMs);
    }
    return packets.at(-1)?.atMs ?? 0;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closed = true;
    await Promise.all(
      Object.values(this.#sockets).map(
        (socket) =>
          new Promise<void>((resolve) => {
            socket.close(() => resolve());
          }),
      ),
    );
  }

  #send(side: Side, packet: Buffer, port: number): void {
    if (!this.#closed) this.#sockets[side].send(packet, port, '127.0.0.1');
  }

  #tick(): void {
    const now = Date.now();
    if (now - this.#tickedAt > STANDSTILL_MS) this.standstills.push(now - this.#tickedAt);
    this.#tickedAt = now;
    this.#slot = (this.#slot + 1) % SLOTS;
    for (const { header, payload, port, side } of this.#slots[this.#slot] ?? []) {
      const sequence = (header.readUInt16BE(2) + 1) & 0xffff;
      header.writeUInt16BE(sequence, 2);
      header.writeUInt32BE(sequence * 8 * EVERY_MS + (sequence % 2) * BESIDE, 4);
      this.#send(side, Buffer.concat([header, payload]), port);
    }
  }

  #hear(side: Side, packet: Buffer, port: number): void {
    const voice = this.#ports[side].get(port);
    const said = wordIn(packet.subarray(RTP_HEADER));
    if (voice === undefined || said === null) return;
    if (said.call === voice.call.id && said.side !== side) voice.call.heard[side] = Date.now();
    else this.mixups.push({ call: voice.call.id, heardBy: side, heardCall: said.call, at: Date.now() });
  }
}

async function audioSocket(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1_048_576 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

function payloadOf(call: number, side: Side): Buffer {
  const nibbles = Array.from({ length: ID_NIBBLES }, (_, index) => (call >> (4 * index)) & 0x0f);
  const check = nibbles.reduce((sum, nibble) => (sum * 3 + nibble) & 0x0f, side === 'a' ? 1 : 2);
  const word = [...MAGIC, ...nibbles, side === 'a' ? 1 : 2, check].map((value, index) =>
    index < MAGIC.length ? value : NIBBLE + value,
  );
  return Buffer.from(Array.from({ length: SAMPLES }, (_, index) => word[index % WORD] ?? 0));
}

/** Who speaks in a packet; null for tones, prompts and silence. */
function wordIn(audio: Buffer): { call: number; side: Side } | null {
  const at = audio.indexOf(Buffer.from(MAGIC));
  if (at < 0 || at + WORD > audio.length) return null;
  const values = [...audio.subarray(at + MAGIC.length, at + WORD)].map((byte) => byte - NIBBLE);
  const nibbles = values.slice(0, ID_NIBBLES);
  const [side, check] = values.slice(ID_NIBBLES);
  if (side === undefined || values.some((value) => value < 0 || value > 15)) return null;
  if (check !== nibbles.reduce((sum, nibble) => (sum * 3 + nibble) & 0x0f, side)) return null;
  const call = nibbles.reduce((sum, nibble, index) => sum + nibble * 16 ** index, 0);
  return { call, side: side === 1 ? 'a' : 'b' };
}
