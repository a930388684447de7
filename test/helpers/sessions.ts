import { parseE164, type E164 } from '../../src/masking/phone-number.js';
import type { NumberRoutes, PinGate } from '../../src/masking/resolve.js';
import type { MaskingSession, PinRules, SessionSettings } from '../../src/masking/session.js';
import type { VirtualNumber } from '../../src/masking/virtual-number.js';

export function e164(text: string): E164 {
  const number = parseE164(text);
  if (number === null) throw new TypeError(`not a number: ${text}`);
  return number;
}

export const DID = e164('+15550009999');
export const FIRST = e164('+15550001001');
export const SECOND = e164('+15550001002');
export const STRANGER = e164('+15550007777');
export const NOW = 1_800_000_000_000;

export const SETTINGS: SessionSettings = {
  sessionExpiry: 1800,
  callTimeLimit: 14_400,
  ringTimeout: 45,
  initiateCallToFirstParty: false,
  callbackUrl: '',
  callbackMethod: 'POST',
  record: false,
  recordFileFormat: 'mp3',
  recordingCallbackUrl: '',
  recordingCallbackMethod: 'POST',
  firstPartyPlayUrl: '',
  secondPartyPlayUrl: '',
  unknownCallerPlay: '',
  geomatch: true,
  virtualNumberCooloffPeriod: 0,
};

export const PIN_RULES: PinRules = {
  generated: false,
  generatedLength: 4,
  firstPartyPin: '1234',
  secondPartyPin: '4321',
  promptPlay: 'https://prompts.example/pin.wav',
  incorrectPlay: '',
  retry: 1,
  retryWait: 5,
  forced: false,
};

export function aSession(
  changes: Partial<Omit<MaskingSession, 'settings'>> & { settings?: Partial<SessionSettings> } = {},
): MaskingSession {
  const { settings, ...rest } = changes;
  return {
    id: '0e2f5a4e-6f0e-4b6c-9d0e-4f5c8c1d2b3a',
    accountId: 'MAXXXXXXXXXXXXXXXXXX',
    virtualNumber: DID,
    firstParty: FIRST,
    secondParty: SECOND,
    singleParty: false,
    lastPeer: null,
    settings: { ...SETTINGS, ...settings },
    pin: null,
    fee: 0,
    createdAt: NOW - 60_000,
    modifiedAt: NOW - 60_000,
    expiresAt: NOW + 1_740_000,
    totals: { callCount: 0, billedDuration: 0, callAmount: 0 },
    lastInteractionAt: null,
    inProgress: false,
    endedBy: null,
    ...rest,
  };
}

export function aNumber(changes: Partial<VirtualNumber> = {}): VirtualNumber {
  return {
    number: DID,
    country: 'US',
    alias: '',
    enabled: true,
    trunk: '',
    subaccount: '',
    addedAt: NOW - 1e6,
    ...changes,
  };
}

export const GATE: PinGate = {
  promptPlay: PIN_RULES.promptPlay,
  incorrectPlay: '',
  retry: 1,
  retryWait: 5,
  lengths: [4],
};

export function routes(changes: Partial<NumberRoutes> = {}): NumberRoutes {
  return {
    number: aNumber(),
    matched: null,
    pinGate: null,
    open: null,
    unknownCallerPlay: '',
    refusedUntil: null,
    callerIsOurs: false,
    ...changes,
  };
}
