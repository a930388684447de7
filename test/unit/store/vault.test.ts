import { describe, expect, test } from 'vitest';

import type { E164 } from '../../../src/masking/phone-number.js';
import { Vault } from '../../../src/store/vault.js';

const key = (byte: number): string => Buffer.alloc(32, byte).toString('base64');
const PARTY = '+15550001001' as E164;
const DID = '+15550009001' as E164;
const DID2 = '+15550009002' as E164;

describe('tokens', () => {
  test('are equal for equal keys and persons, and for nothing else', () => {
    const vault = new Vault([key(1)]);
    expect(vault.partyTokens(PARTY)).toEqual(new Vault([key(1)]).partyTokens(PARTY));
    const all = [
      ...vault.partyTokens(PARTY),
      ...vault.partyTokens(DID),
      ...vault.pinTokens(DID, '1234'),
      ...vault.pinTokens(DID2, '1234'),
      ...vault.pinTokens(DID, '4321'),
      ...vault.pinTokens(DID, PARTY),
      ...new Vault([key(2)]).partyTokens(PARTY),
    ];
    expect(new Set(all).size).toBe(7);
    for (const token of all) expect(token).toMatch(/^[\w-]{22}$/);
  });

  test('are the same however many persons came in between', () => {
    const vault = new Vault([key(1)]);
    const before = vault.partyTokens(PARTY);
    for (let n = 0; n < 1_000; n += 1) vault.partyTokens(`+1555${String(1_000_000 + n)}` as E164);
    expect(vault.partyTokens(PARTY)).toEqual(before);
    expect(vault.partyTokens(DID)).not.toEqual(before);
  });

  test('come under every key, newest first', () => {
    const rotated = new Vault([key(2), key(1)]);
    expect(rotated.partyTokens(PARTY)).toEqual([
      ...new Vault([key(2)]).partyTokens(PARTY),
      ...new Vault([key(1)]).partyTokens(PARTY),
    ]);
  });
});

describe('sealed documents', () => {
  test('open with the key that sealed them, also after a rotation, and never look alike', () => {
    const sealed = new Vault([key(1)]).seal('first party: Zoë', 'session');
    expect(new Vault([key(2), key(1)]).open(sealed, 'session')).toBe('first party: Zoë');
    expect(new Vault([key(1)]).seal('first party: Zoë', 'session')).not.toBe(sealed);
    const bytes = Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString('latin1');
    for (const form of [sealed, bytes]) expect(form).not.toMatch(/first party/);
  });

  test('have an IV each, however many are sealed, and none that another vault gives out', () => {
    const vaults = [new Vault([key(1)]), new Vault([key(1)])];
    const ivs = vaults.flatMap((vault) =>
      Array.from({ length: 1_000 }, (_, n) => {
        const sealed = vault.seal(`text ${n}`, 'context');
        expect(vault.open(sealed, 'context')).toBe(`text ${n}`);
        return Buffer.from(sealed.split('.')[2] ?? '', 'base64url')
          .toString('hex')
          .slice(0, 24);
      }),
    );
    expect(new Set(ivs).size).toBe(2_000);
  });

  test('do not open in another context, when changed, or without their key', () => {
    const vault = new Vault([key(1)]);
    const sealed = vault.seal('text', 'session');
    const unreadable = expect.objectContaining({ code: 'ERR_UNREADABLE_DOCUMENT' }) as Error;
    expect(() => vault.open(sealed, 'other')).toThrow(unreadable);
    expect(() => new Vault([key(2)]).open(sealed, 'session')).toThrow(unreadable);
    const [version = '', id = '', payload = ''] = sealed.split('.');
    const bytes = Buffer.from(payload, 'base64url');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      const text = `${version}.${id}.${changed.toString('base64url')}`;
      expect(() => vault.open(text, 'session')).toThrow(unreadable);
    }
    for (const text of ['', 'text', `2.${id}.${payload}`, `1.${id}.`, `1.${id}.AAAA`, `1.${id}`]) {
      expect(() => vault.open(text, 'session')).toThrow(unreadable);
    }
  });
});

test.each([
  ['no key', []],
  ['a short key', [Buffer.alloc(31).toString('base64')]],
  ['a long key', [Buffer.alloc(33).toString('base64')]],
  ['hex', ['ab'.repeat(32)]],
  ['a space', [`${key(1)} `]],
  ['one key twice', [key(1), key(2), key(1)]],
])('%s is refused without repeating it', (_, keys) => {
  const made = (): Vault => new Vault(keys);
  expect(made).toThrow(expect.objectContaining({ code: 'ERR_BAD_DATA_KEYS' }) as Error);
  expect(made).not.toThrow(new RegExp(keys[0]?.slice(0, 10) ?? '$^'));
});
