import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import { createLogger, type Logger } from '../../../src/telemetry/logger.js';
import { maskText, privateLine } from '../../../src/telemetry/privacy.js';

const NUMBER = '+14155550123';
const DIGITS = '14155550123';

describe('maskText', () => {
  it.each([
    ['+14155550123', '**********23'],
    ['call of 14155550123 failed', 'call of *********23 failed'],
    ['sofia/gateway/trunk1/+14155550123@10.1.2.3:5060', 'sofia/gateway/trunk1/**********23@10.1.2.3:5060'],
    ['sip:5550123@host', 'sip:*****23@host'],
    ['%2B14155550123', '%2B*********23'],
    ['x14155550123y', 'x*********23y'],
  ])('masks %s', (text, masked) => {
    expect(maskText(text)).toBe(masked);
  });

  it.each([
    '+1 415 555 0123',
    '(415) 555-0123',
    '415.555.0123',
    '+44 (0) 20 7946 0958',
    '415\u2013555\u20130123',
    '415\u00a0555\u00a00123',
    '415\u200b5550123',
    '٤١٥٥٥٥٠١٢٣',
    '+1415555０１２３',
    '1-4-1-5-5-5-5-0-1-2-3',
  ])('masks a number written as %s', (text) => {
    const masked = maskText(`to ${text}, now`);
    expect(masked).toMatch(/^to \(?\*+\S{2}, now$/u);
    expect(masked.match(/\p{Nd}/gu)?.length).toBeLessThanOrEqual(2);
  });

  it.each([
    randomUUID(),
    '12345678-1234-4123-8123-123456789012',
    '2026-11-23T01:02:03.456Z',
    '2026-11-23 01:02:03 +0000 UTC',
    '2026-11-23 01:02:03.877364 +0000 UTC',
    '2026-11-23T01:02:03+01:00',
    '192.168.100.200:8021',
    '192.168.100.0/24',
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'FreeSWITCH 1.10.12, 500 calls, 404',
    'at file:///srv/app.js:123:45',
    'status 404 2026-11-23T01:02:03.456Z',
    '200 12345678-1234-4123-8123-123456789012',
  ])('leaves %s alone', (text) => {
    expect(maskText(`a ${text} b`)).toBe(`a ${text} b`);
  });

  it('masks a number beside a UUID, a date and an address', () => {
    const uuid = randomUUID();
    expect(maskText(`${uuid} ${NUMBER} 2026-11-23 ${DIGITS} 10.0.0.1 ${DIGITS}`)).toBe(
      `${uuid} **********23 2026-11-23 *********23 10.0.0.1 *********23`,
    );
  });

  it('never lets 7 digits in a row through, wherever they stand', () => {
    const number = fc.stringMatching(/^\+?[1-9]\d{6,14}$/);
    const around = fc.string({
      unit: fc.constantFrom('a', 'f', ':', '/', '@', '"', '=', 'é', '<', '%', ','),
    });
    fc.assert(
      fc.property(around, number, around, (before, digits, after) => {
        expect(maskText(`${before}${digits}${after}`)).not.toMatch(/\d{7}/);
      }),
    );
  });

  it('takes no shortcut that changes anything', () => {
    const piece = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', ' ', '-', '.', '1', '5', '0', 'T', ':', 'Z', '+') }),
      fc.uuid(),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.constantFrom('2026-13-23T01:02:03.456Z', '555012', '5550123'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 4 }), (pieces) => {
        const text = pieces.join('');
        // With another script in it, a text is looked through in full.
        expect(maskText(text)).toBe(maskText(`${text}é`).slice(0, -1));
      }),
    );
    expect(maskText('2026-13-23T01:02:03.456Z')).not.toBe('2026-13-23T01:02:03.456Z');
  });

  it('keeps every random UUID', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        expect(maskText(`session=${uuid};`)).toBe(`session=${uuid};`);
      }),
    );
  });
});

describe('createLogger', () => {
  let lines: string[];
  let logger: Logger;

  beforeEach(() => {
    lines = [];
    logger = createLogger({ level: 'trace', destination: { write: (line) => void lines.push(line) } });
  });

  function logged(): Record<string, unknown> {
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/\}\n$/);
    return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  }

  it('masks the message', () => {
    logger.info(`calling ${NUMBER}`);
    expect(logged()).toMatchObject({ level: 'info', msg: 'calling **********23' });
  });

  it('masks arguments of the message', () => {
    logger.info('calling %s and %d', NUMBER, 14155550123);
    expect(lines.join('')).not.toContain('5550');
  });

  it('masks fields at any depth, in arrays, in keys and as JSON numbers', () => {
    logger.info({ a: { b: [{ [NUMBER]: { c: NUMBER } }, 14155550123] }, to: 14155550123 }, 'x');
    expect(logged()).toMatchObject({
      a: { b: [{ '**********23': { c: '**********23' } }, '*********23'] },
      to: '*********23',
    });
  });

  it('masks what a child logger is bound to', () => {
    logger.child({ caller: NUMBER }).warn('x');
    expect(logged()['caller']).toBe('**********23');
  });

  it.each(['err', 'error'])('masks errors in %s: message, stack, own fields and every cause', (key) => {
    const root = new Error(`no route to ${NUMBER}`);
    const middle = Object.assign(new Error(`dialling ${DIGITS}`, { cause: root }), { number: NUMBER });
    logger.error({ [key]: new Error(`call of ${NUMBER} failed`, { cause: middle }) }, 'x');
    const text = lines.join('');
    expect(text).not.toContain('5550');
    expect(text).toContain('no route to **********23');
    expect(text).toContain('dialling *********23');
    expect(text).toContain('logger.test.ts');
  });

  it('masks an error that is logged on its own, and the errors of an AggregateError', () => {
    logger.error(new AggregateError([new Error(`one ${NUMBER}`)], `all of ${NUMBER}`));
    expect(lines.join('')).not.toContain('5550');
    expect(lines.join('')).toContain('all of **********23');
  });

  it('keeps a virtual number in did, but nothing else there', () => {
    logger.info({ did: '+15550001000', call: { did: '+15550001001' } }, 'x');
    logger.info({ did: `+15550001000 from ${NUMBER}` }, 'x');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ did: '+15550001000', call: { did: '+15550001001' } });
    expect(lines[1]).not.toContain('5550');
  });

  it('hides PINs, digits, passwords and tokens by the name of their field, at any depth', () => {
    const secrets = {
      pin: '4711',
      digits: '4711',
      first_party_pin: '4711',
      secondPartyPin: 4711,
      password: '4711',
      authorization: 'Basic 4711',
      masking_digits: ['4711'],
      AUTH_TOKEN: '4711',
    };
    logger.info({ ...secrets, deep: { er: { est: secrets } }, pinGate: 'kept' }, 'x');
    expect(lines.join('')).not.toContain('4711');
    expect(logged()['pinGate']).toBe('kept');
  });

  it('keeps instants, durations and sizes as numbers', () => {
    const fields = {
      startedAt: 1_795_000_000_000,
      elapsedMs: 12_345_678,
      sizeBytes: 5_242_880,
      now: 1_795_000_000_000,
    };
    logger.info(fields, 'x');
    expect(logged()).toMatchObject(fields);
    expect(logged()['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('masks a line that is not JSON', () => {
    expect(privateLine(`{"broken ${NUMBER}\n`)).toBe('{"broken **********23\n');
  });

  it('is quiet below its level', () => {
    createLogger({ level: 'warn', destination: { write: (line) => void lines.push(line) } }).info('x');
    expect(lines).toHaveLength(0);
  });
});
