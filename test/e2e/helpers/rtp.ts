import { writeFile } from 'node:fs/promises';

const PCMU = 0;
const TELEPHONE_EVENT = 101;
const PACKET_MS = 20;
/** RTP clock ticks in one packet at 8 kHz. */
const TICKS = 160;
/** A key is held this long, with this much silence after it; real phones do about the same. */
const KEY_MS = 100;
const GAP_MS = 100;
const END_PACKETS = 3;

const KEYS = '0123456789*#';

/** An RTP packet and when it goes out, in milliseconds from the first one of its batch. */
export interface Packet {
  readonly atMs: number;
  readonly payload: Buffer;
}

/**
 * One talker's RTP: audio and keys (RFC 4733) as one stream with one SSRC, and sequence numbers and
 * timestamps that go on from one file to the next, as a phone's do. Files with times of their own
 * make a receiver take the second key for a repetition of the first.
 */
export class RtpTalker {
  #sequence = 1000;
  #timestamp = 160_000;
  readonly #ssrc = 0x1234abcd;
  #port = 20_000;
  /** Samples in one period of the tone. */
  readonly #period: number;

  /** Speech is a square wave of `hz`, which should divide 8000. */
  constructor(hz = 400) {
    this.#period = 8000 / hz;
  }

  /** Writes a capture of speech that lasts `ms` milliseconds. */
  async speak(file: string, ms: number): Promise<void> {
    await writePcap(file, this.speech(ms), this.#port);
  }

  /** Writes a capture of `keys` pressed one after the other; answers how many milliseconds it lasts. */
  async press(file: string, keys: string): Promise<number> {
    await writePcap(file, this.keys(keys), this.#port);
    return keys.length * (KEY_MS + GAP_MS);
  }

  /** Speech that lasts `ms` milliseconds. */
  speech(ms: number): Packet[] {
    const packets: Packet[] = [];
    for (let at = 0; at < ms; at += PACKET_MS) packets.push({ atMs: at, payload: this.#audio(at === 0) });
    return packets;
  }

  /** `keys` pressed one after the other. */
  keys(keys: string): Packet[] {
    return Array.from(keys).flatMap((key, position) =>
      this.#key(KEYS.indexOf(key), position * (KEY_MS + GAP_MS)),
    );
  }

  #audio(marker: boolean): Buffer {
    const samples = Buffer.alloc(TICKS);
    // Quiet. It begins anew in each packet, which no tone of 50 Hz and its multiples notices.
    for (let index = 0; index < TICKS; index += 1) {
      samples[index] = index % this.#period < this.#period / 2 ? 0x9f : 0x1f;
    }
    const packet = this.#packet(PCMU, marker, this.#timestamp, samples);
    this.#timestamp += TICKS;
    return packet;
  }

  #key(event: number, startMs: number): Packet[] {
    const packets: Packet[] = [];
    const start = this.#timestamp;
    const count = KEY_MS / PACKET_MS;
    for (let index = 1; index <= count; index += 1) {
      const payload = eventPayload(event, false, index * TICKS);
      packets.push({
        atMs: startMs + (index - 1) * PACKET_MS,
        payload: this.#packet(TELEPHONE_EVENT, index === 1, start, payload),
      });
    }
    for (let repeat = 0; repeat < END_PACKETS; repeat += 1) {
      const payload = eventPayload(event, true, count * TICKS);
      packets.push({
        atMs: startMs + KEY_MS + repeat,
        payload: this.#packet(TELEPHONE_EVENT, false, start, payload),
      });
    }
    this.#timestamp = start + ((KEY_MS + GAP_MS) / PACKET_MS) * TICKS;
    return packets;
  }

  #packet(type: number, marker: boolean, timestamp: number, payload: Buffer): Buffer {
    const header = Buffer.alloc(12);
    header.writeUInt8(0x80, 0);
    header.writeUInt8((marker ? 0x80 : 0) | type, 1);
    header.writeUInt16BE(this.#sequence & 0xffff, 2);
    header.writeUInt32BE(timestamp >>> 0, 4);
    header.writeUInt32BE(this.#ssrc, 8);
    this.#sequence += 1;
    return Buffer.concat([header, payload]);
  }
}

function eventPayload(event: number, end: boolean, duration: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt8(event, 0);
  payload.writeUInt8((end ? 0x80 : 0) | 10, 1);
  payload.writeUInt16BE(duration, 2);
  return payload;
}

/** A pcap of UDP in IPv4 in Ethernet; SIPp takes payload and timing from it and puts its own addresses. */
async function writePcap(file: string, packets: readonly Packet[], port: number): Promise<void> {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  const parts: Buffer[] = [header];
  for (const packet of packets) {
    const frame = ethernetFrame(packet.payload, port);
    const record = Buffer.alloc(16);
    record.writeUInt32LE(1000 + Math.floor(packet.atMs / 1000), 0);
    record.writeUInt32LE((packet.atMs % 1000) * 1000, 4);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    parts.push(record, frame);
  }
  await writeFile(file, Buffer.concat(parts));
}

function ethernetFrame(payload: Buffer, port: number): Buffer {
  const ethernet = Buffer.from(`${'00'.repeat(12)}0800`, 'hex');
  const ip = Buffer.alloc(20);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(20 + 8 + payload.length, 2);
  ip.writeUInt8(64, 8);
  ip.writeUInt8(17, 9);
  ip.set([127, 0, 0, 1], 12);
  ip.set([127, 0, 0, 1], 16);
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(port, 0);
  udp.writeUInt16BE(port, 2);
  udp.writeUInt16BE(8 + payload.length, 4);
  return Buffer.concat([ethernet, ip, udp, payload]);
}
