import type { Random } from './random.js';

/** Longest message that a mutation may make, in bytes: a UDP datagram. */
const LONGEST = 60_000;

type Mutation = (bytes: Buffer, random: Random, tokens: readonly string[]) => Buffer;

const splice = (bytes: Buffer, at: number, removed: number, added: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);

const MUTATIONS: readonly Mutation[] = [
  function flip(bytes, random) {
    const copy = Buffer.from(bytes);
    for (let turn = random.int(1, 8); turn > 0 && copy.length > 0; turn -= 1) {
      copy[random.int(0, copy.length - 1)] = random.int(0, 255);
    }
    return copy;
  },
  function cut(bytes, random) {
    return bytes.subarray(0, random.int(0, bytes.length));
  },
  function remove(bytes, random) {
    return splice(bytes, random.int(0, bytes.length), random.int(1, 40), Buffer.alloc(0));
  },
  function repeat(bytes, random) {
    const from = random.int(0, bytes.length);
    const piece = bytes.subarray(from, from + random.int(1, 200));
    const many = Buffer.concat(Array.from({ length: random.int(1, 60) }, () => piece));
    return splice(bytes, from, 0, many);
  },
  function insertNoise(bytes, random) {
    return splice(bytes, random.int(0, bytes.length), 0, random.bytes(random.int(1, 64)));
  },
  function insertToken(bytes, random, tokens) {
    return splice(
      bytes,
      random.int(0, bytes.length),
      random.int(0, 20),
      Buffer.from(random.pick(tokens), 'latin1'),
    );
  },
  function replaceValue(bytes, random, tokens) {
    const lines = bytes.toString('latin1').split('\n');
    const at = random.int(0, lines.length - 1);
    const line = lines[at] ?? '';
    const end = line.endsWith('\r') ? '\r' : '';
    lines[at] = `${line.slice(0, line.indexOf(':') + 1)} ${random.pick(tokens)}${end}`;
    return Buffer.from(lines.join('\n'), 'latin1');
  },
  function shuffleLines(bytes, random) {
    const lines = bytes.toString('latin1').split('\n');
    const [from, to] = [random.int(0, lines.length - 1), random.int(0, lines.length - 1)];
    const [line = ''] = lines.splice(from, 1);
    lines.splice(to, random.int(0, 1), line);
    return Buffer.from(lines.join('\n'), 'latin1');
  },
  function otherNumber(bytes, random) {
    const numbers = ['0', '-1', '1', '2147483648', '4294967296', '99999999999999999999', '1e9', ' 7', '0x10'];
    const text = bytes.toString('latin1');
    const found = [...text.matchAll(/\d+/g)];
    if (found.length === 0) return bytes;
    const { index, 0: digits } = random.pick(found);
    return splice(bytes, index, digits.length, Buffer.from(random.pick(numbers)));
  },
];

/** `bytes` with one to four faults in it; `tokens` are what the protocol at hand may stumble over. */
export function mutate(bytes: Buffer, random: Random, tokens: readonly string[]): Buffer {
  let result = bytes;
  for (let turn = random.int(1, 4); turn > 0; turn -= 1) {
    result = random.pick(MUTATIONS)(result, random, tokens);
  }
  return result.subarray(0, LONGEST);
}
