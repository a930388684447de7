import { randomUUID } from 'node:crypto';

import type { ApiDeps } from '../../../src/api/deps.js';
import type { SessionDraft } from '../../../src/masking/session-draft.js';
import type { Interaction } from '../../../src/masking/interaction.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import type { SessionNote } from '../../../src/masking/session-note.js';
import type { MaskingSession } from '../../../src/masking/session.js';
import type { VirtualNumber } from '../../../src/masking/virtual-number.js';
import { createLogger } from '../../../src/telemetry/logger.js';

export const ACCOUNT = { id: 'MAABCDEFGHIJKLMNOPQR', token: 'k3yW0rd:of-the-account' };
export const BASE = `/v1/Account/${ACCOUNT.id}`;
/** 2026-11-23 01:02:03.456 UTC. */
export const NOW = Date.UTC(2026, 10, 23, 1, 2, 3, 456);
export const DID = '+15550001000' as E164;

export function credentials(id = ACCOUNT.id, token = ACCOUNT.token): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${id}:${token}`).toString('base64')}` };
}

export class CodedError extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

/** The dependencies of the API in memory. Fields may be replaced by a test. */
export class FakeDeps implements ApiDeps {
  account = ACCOUNT;
  publicUrl = 'https://masking.example.com';
  defaultCountry = '';
  maxSessionExpiry = 86_400;
  rateLimit = 0;
  instant = NOW;
  readonly clock = { now: () => this.instant };
  readonly lines: string[] = [];
  readonly logger = createLogger({
    level: 'debug',
    destination: { write: (line) => void this.lines.push(line) },
  });

  readonly drafts: SessionDraft[] = [];
  readonly announced: string[] = [];
  readonly held = new Map<string, { session: MaskingSession; interactions: Interaction[] }>();
  readonly owned = new Map<E164, VirtualNumber>();
  createError: Error | null = null;
  removeError: Error | null = null;

  sessions = {
    create: (draft: SessionDraft): Promise<MaskingSession> => {
      if (this.createError !== null) return Promise.reject(this.createError);
      this.drafts.push(draft);
      const session = sessionFrom(draft);
      this.held.set(session.id, { session, interactions: [] });
      return Promise.resolve(session);
    },
    get: (id: string) => Promise.resolve(this.held.get(id) ?? null),
  };

  readonly noted: SessionNote[] = [];
  notes = { of: () => Promise.resolve(this.noted) };

  numbers = {
    add: (number: VirtualNumber): Promise<void> => {
      if (this.owned.has(number.number)) return Promise.reject(new CodedError('ERR_NUMBER_EXISTS'));
      this.owned.set(number.number, number);
      return Promise.resolve();
    },
    get: (number: E164) => Promise.resolve(this.owned.get(number) ?? null),
    list: ({ limit, offset }: { limit: number; offset: number }) =>
      Promise.resolve({
        numbers: [...this.owned.values()].slice(offset, offset + limit),
        total: this.owned.size,
      }),
    remove: (number: E164): Promise<void> => {
      if (this.removeError !== null) return Promise.reject(this.removeError);
      return this.owned.delete(number)
        ? Promise.resolve()
        : Promise.reject(new CodedError('ERR_NUMBER_NOT_FOUND'));
    },
  };

  onSessionCreated(session: MaskingSession): void | Promise<void> {
    this.announced.push(session.id);
  }

  readiness(): ReturnType<ApiDeps['readiness']> {
    return Promise.resolve({ redis: { ok: true, detail: 'answers' } });
  }
}

function sessionFrom(draft: SessionDraft): MaskingSession {
  const pins = draft.pin?.pins ?? { first: '1111', second: '2222' };
  return {
    id: randomUUID(),
    accountId: draft.accountId,
    virtualNumber: DID,
    firstParty: draft.firstParty,
    secondParty: draft.secondParty,
    singleParty: draft.firstParty === null || draft.secondParty === null,
    lastPeer: null,
    settings: draft.settings,
    pin:
      draft.pin === null
        ? null
        : {
            generated: draft.pin.pins === null,
            generatedLength: draft.pin.generatedLength,
            firstPartyPin: pins.first,
            secondPartyPin: pins.second,
            promptPlay: draft.pin.promptPlay,
            incorrectPlay: draft.pin.incorrectPlay,
            retry: draft.pin.retry,
            retryWait: draft.pin.retryWait,
            forced: draft.pin.forced,
          },
    fee: 0,
    createdAt: draft.now,
    modifiedAt: draft.now,
    expiresAt: draft.now + draft.settings.sessionExpiry * 1_000,
    totals: { callCount: 0, billedDuration: 0, callAmount: 0 },
    lastInteractionAt: null,
    inProgress: false,
    endedBy: null,
  };
}
