import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { masked } from '../../../../src/api/console/masking.js';

const OURS = '15550001000';
const isOurs = (digits: string): boolean => digits === OURS;

describe('what a page is shown', () => {
  it.each([
    ['+447700900101', '••••••••••01'],
    ['447700900101', '••••••••••01'],
    ['https://x.example/?to=%2B447700900101&a=1', 'https://x.example/?to=%2B••••••••••01&a=1'],
    ['call +44 7700 900-101 now', 'call ••••••••••01 now'],
    ['+49/151/2345678 or 1\u00a0415\u00a0555\u00a00101', '••••••••••78 or •••••••••01'],
    ['14155550101-1234-1234-1234-123456789012', '•••••••••••••••••••••••••••••••••12'],
    ['{"second_party_pin":"4711","x":1}', '{"second_party_pin":"••••","x":1}'],
    [`to ${OURS} from 447700900101`, `to ${OURS} from ••••••••••01`],
  ])('hides the numbers of people in %s', (text, shown) => {
    expect(masked({ field: text }, isOurs)).toEqual({ field: shown });
  });

  it('tells nothing of a PIN, and leaves what is not set', () => {
    const session = { first_party_pin: '4711', second_party_pin: '', pin: 4711, pin_retry: 1, is_pin: true };
    expect(masked(session, isOurs)).toEqual({ ...session, first_party_pin: '••••', pin: '••••' });
  });

  it('tells what became of a PIN, and nothing of what a receiver answered', () => {
    expect(masked({ pin: 'own_digits_wanted', answer: 'thanks for 4711 of 2026' }, isOurs)).toEqual({
      ...{ pin: 'own_digits_wanted', answer: 'thanks for •••• of ••••' },
    });
  });

  it('hides a number that is a key', () => {
    expect(masked({ '+447700900101': 1 }, isOurs)).toEqual({ '••••••••••01': 1 });
  });

  it('keeps what is no number of anybody', () => {
    const kept = {
      virtual_number: OURS,
      call_uuid: '12345678-1234-4234-8234-123456789012',
      resource_uri: '/v1/Account/MA/Call/12345678-1234-4234-8234-123456789012/',
      start_time: '2026-11-23 01:02:03.456789 +0000 UTC',
      at: '2026-11-23T01:02:03.456Z',
      duration: 86_400,
      bytes: 12_345_678,
      recording_duration_ms: '345100.00000',
      recording_end_ms: '1795395723000.00000',
      peer: '192.168.100.117',
      createdAt: 1_795_395_723_000,
      text: 'at 2026-11-23T01:02:03.456Z',
      nothing: null,
      yes: true,
    };
    expect(masked(kept, isOurs)).toEqual(kept);
  });

  it('hides a number under a name of ours when it is not ours', () => {
    expect(masked({ virtual_number: '447700900101', number: '447700900101' }, isOurs)).toEqual({
      virtual_number: '••••••••••01',
      number: '••••••••••01',
    });
  });

  it('lets no number through, wherever it stands and however it is written', () => {
    const digits = fc.stringMatching(/^[1-9]\d{8,13}$/).filter((each) => each !== OURS);
    const field = fc.oneof(
      fc.stringMatching(/^[a-z_]{1,12}$/).filter((name) => name !== 'at'),
      fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype)),
    );
    const written = digits.chain((number) =>
      fc
        .constantFrom(number, `+${number}`, `tel:${number}`, `a ${number} b`, Number(number))
        .map((value) => ({ number, value })),
    );
    fc.assert(
      fc.property(written, field, fc.nat(2), ({ number, value }, name, depth) => {
        const isInstant = typeof value === 'number' && value >= 1e12 && value < 2.2e12;
        fc.pre(!isInstant && !name.startsWith('total_') && !name.startsWith('recording_'));
        let answer: unknown = { [name]: value };
        for (let level = 0; level < depth; level += 1) answer = { inner: [answer] };
        expect(JSON.stringify(masked(answer, isOurs))).not.toContain(number);
      }),
    );
  });
});
