import { deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Bytes of a pixel, by the PNG's colour type. */
const DEPTHS: Readonly<Record<number, number>> = { 2: 3, 6: 4 };
const MOST_COLOURS = 256;

/**
 * The same picture with at most 256 colours, others as the nearest of them: a page's text and areas need no more. For opaque PNGs of 8 bits a channel, as browsers make them (W3C PNG, 2003).
 */
export function smallPng(png: Buffer): Buffer {
  const { width, height, depth, pixels } = decoded(png);
  const counts = new Map<number, number>();
  for (let at = 0; at < pixels.length; at += depth) {
    const colour = pixels.readUIntBE(at, 3);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const palette = paletteOf(counts);
  const places = new Map(palette.map((colour, index) => [colour, index]));
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = pixels.readUIntBE((y * width + x) * depth, 3);
      const place = places.get(colour) ?? nearest(colour, palette);
      places.set(colour, place);
      rows[y * (width + 1) + 1 + x] = place;
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.alloc(palette.length * 3);
  palette.forEach((colour, index) => colours.writeUIntBE(colour, index * 3, 3));
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', head),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The most frequent colours, and among them one of each corner of the colour space: a small red mark stays red. */
function paletteOf(counts: ReadonlyMap<number, number>): number[] {
  const byCount = [...counts].sort((one, other) => other[1] - one[1]).map(([colour]) => colour);
  const corners = new Map<number, number>();
  for (const colour of byCount) {
    const corner = colour & 0xe0e0e0;
    if (!corners.has(corner)) corners.set(corner, colour);
  }
  return [...new Set([...corners.values(), ...byCount])].slice(0, MOST_COLOURS);
}

function nearest(colour: number, palette: readonly number[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, other] of palette.entries()) {
    const distance = [16, 8, 0].reduce(
      (sum, shift) => sum + (((colour >> shift) & 255) - ((other >> shift) & 255)) ** 2,
      0,
    );
    if (distance < least) [best, least] = [index, distance];
  }
  return best;
}

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Bytes of a pixel. */
  readonly depth: number;
  readonly pixels: Buffer;
}

function decoded(png: Buffer): Pixels {
  const data: Buffer[] = [];
  let head = Buffer.alloc(13);
  for (let at = SIGNATURE.length; at < png.length; at += png.readUInt32BE(at) + 12) {
    const type = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
    if (type === 'IHDR') head = Buffer.from(body);
    if (type === 'IDAT') data.push(body);
  }
  const depth = DEPTHS[head[9] ?? -1];
  if (depth === undefined || head[8] !== 8 || head[12] !== 0) throw new TypeError('a PNG of another kind');
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  return {
    width,
    height,
    depth,
    pixels: unfiltered(inflateSync(Buffer.concat(data)), width * depth, height, depth),
  };
}

/** Each byte as it was before its row was filtered (9.2). */
function unfiltered(raw: Buffer, length: number, height: number, depth: number): Buffer {
  const pixels = Buffer.alloc(length * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (length + 1)] ?? 0;
    for (let x = 0; x < length; x++) {
      const at = y * length + x;
      const left = x < depth ? 0 : (pixels[at - depth] ?? 0);
      const up = y === 0 ? 0 : (pixels[at - length] ?? 0);
      const corner = x < depth || y === 0 ? 0 : (pixels[at - length - depth] ?? 0);
      pixels[at] =
        (raw[y * (length + 1) + 1 + x] ?? 0) +
        [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]!;
    }
  }
  return pixels;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [toLeft, toUp, toCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
}

function chunk(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc(named));
  return Buffer.concat([length, named, sum]);
}

/** CRC-32 of PNG (annex D). */
function crc(bytes: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}
