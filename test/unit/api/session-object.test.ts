import { describe, expect, it } from 'vitest';

import { interactionObject } from '../../../src/api/sessions/interaction-object.js';
import { sessionObject } from '../../../src/api/sessions/session-object.js';
import { timestamp } from '../../../src/api/sessions/timestamp.js';
import type { Interaction, LegRecord } from '../../../src/masking/interaction.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import type { MaskingSession } from '../../../src/masking/session.js';

const ACCOUNT = 'https://masking.example.com/v1/Account/MAABCDEFGHIJKLMNOPQR';
const CREATED = Date.UTC(2026, 10, 23, 1, 2, 3, 900);
const ID = '11111111-2222-4333-8444-555555555555';

const SESSION: MaskingSession = {
  id: ID,
  accountId: 'MAABCDEFGHIJKLMNOPQR',
  virtualNumber: '+15550001000' as E164,
  firstParty: '+14155550101' as E164,
  secondParty: '+14155550102' as E164,
  singleParty: false,
  lastPeer: null,
  settings: {
    sessionExpiry: 1_800,
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
  },
  pin: null,
  fee: 0,
  createdAt: CREATED,
  modifiedAt: CREATED,
  expiresAt: CREATED + 1_800_000,
  totals: { callCount: 0, billedDuration: 0, callAmount: 0 },
  lastInteractionAt: null,
  inProgress: false,
  endedBy: null,
};

const LEG: LegRecord = {
  uuid: 'aaaaaaaa-0000-4000-8000-000000000001',
  role: 'a',
  party: 'first',
  startedAt: CREATED + 60_000,
  ringingAt: null,
  answeredAt: CREATED + 64_000,
  bridgedAt: CREATED + 64_000,
  endedAt: CREATED + 94_100,
  cause: 'NORMAL_CLEARING',
  sipStatus: 200,
  endedBy: 'a',
  trunk: '',
  bill: { seconds: 31, amount: 4_392 },
};
const B_LEG: LegRecord = { ...LEG, uuid: 'bbbbbbbb-0000-4000-8000-000000000001', role: 'b', party: 'second' };

const INTERACTION: Interaction = {
  id: LEG.uuid,
  sessionId: ID,
  virtualNumber: SESSION.virtualNumber,
  node: 'fs1',
  caller: 'first',
  stage: 'ended',
  startedAt: LEG.startedAt,
  connectedAt: LEG.answeredAt,
  endedAt: LEG.endedAt,
  endedBy: 'a',
  cause: 'NORMAL_CLEARING',
  recording: '',
  people: null,
  legs: [LEG, B_LEG],
};

describe('sessionObject', () => {
  it('prints a new session without PINs, key by key and in order', () => {
    expect(JSON.stringify(sessionObject(SESSION, [], CREATED, ACCOUNT), null, 1)).toBe(
      JSON.stringify(
        {
          first_party: '14155550101',
          second_party: '14155550102',
          virtual_number: '15550001000',
          status: 'active',
          initiate_call_to_first_party: false,
          session_uuid: ID,
          callback_url: '',
          callback_method: 'POST',
          created_time: '2026-11-23 01:02:03 +0000 UTC',
          modified_time: '2026-11-23 01:02:03 +0000 UTC',
          expiry_time: '2026-11-23 01:32:03 +0000 UTC',
          duration: 1800,
          amount: 0,
          call_time_limit: 14400,
          ring_timeout: 45,
          first_party_play_url: '',
          second_party_play_url: '',
          record: false,
          record_file_format: 'mp3',
          recording_callback_url: '',
          recording_callback_method: 'POST',
          interaction: null,
          total_call_amount: 0,
          total_call_count: 0,
          total_call_billed_duration: 0,
          total_session_amount: 0,
          last_interaction_time: '',
          unknown_caller_play: '',
          is_pin_authentication_required: false,
          generate_pin: null,
          generate_pin_length: null,
          first_party_pin: null,
          second_party_pin: null,
          pin_prompt_play: null,
          pin_retry: null,
          pin_retry_wait: null,
          incorrect_pin_play: null,
          create_session_with_single_party: null,
          virtual_number_cooloff_period: 0,
          force_pin_authentication: false,
        },
        null,
        1,
      ),
    );
  });

  it('prints the rules of a PIN session with a number for pin_retry_wait and the key pin_prompt_play', () => {
    const pin = {
      generated: true,
      generatedLength: 6,
      firstPartyPin: '012345',
      secondPartyPin: '678901',
      promptPlay: 'https://example.com/prompt.mp3',
      incorrectPlay: '',
      retry: 2,
      retryWait: 5,
      forced: true,
    };
    expect(sessionObject({ ...SESSION, pin }, [], CREATED, ACCOUNT)).toMatchObject({
      is_pin_authentication_required: true,
      generate_pin: true,
      generate_pin_length: 6,
      first_party_pin: '012345',
      second_party_pin: '678901',
      pin_prompt_play: 'https://example.com/prompt.mp3',
      pin_retry: 2,
      pin_retry_wait: 5,
      incorrect_pin_play: '',
      force_pin_authentication: true,
    });
  });

  it('takes the status from the clock and from the call that runs', () => {
    const statusAt = (session: MaskingSession, now: number): string =>
      sessionObject(session, [], now, ACCOUNT).status;
    expect(statusAt(SESSION, SESSION.expiresAt - 1)).toBe('active');
    expect(statusAt(SESSION, SESSION.expiresAt)).toBe('expired');
    expect(statusAt({ ...SESSION, inProgress: true }, CREATED)).toBe('in-progress');
    expect(statusAt({ ...SESSION, inProgress: true, endedBy: 'deleted' }, CREATED)).toBe('expired');
  });

  it('counts duration between the times that it prints', () => {
    const session = { ...SESSION, createdAt: CREATED, expiresAt: CREATED + 18_595_300 };
    expect(sessionObject(session, [], CREATED, ACCOUNT)).toMatchObject({
      created_time: '2026-11-23 01:02:03 +0000 UTC',
      expiry_time: '2026-11-23 06:11:59 +0000 UTC',
      duration: 18_596,
    });
  });

  it('prints amounts exactly, and the session\u2019s own as a whole number', () => {
    const session = { ...SESSION, fee: 2, totals: { callCount: 2, billedDuration: 60, callAmount: 300_001 } };
    const text = JSON.stringify(sessionObject(session, [], CREATED, ACCOUNT));
    expect(text).toContain('"amount":2,');
    expect(text).toContain('"total_call_amount":0.300001,');
    expect(text).toContain('"total_session_amount":2.300001,');
  });

  it('prints "" for the missing party, and the subaccount that it belongs to', () => {
    const session = { ...SESSION, secondParty: null, singleParty: true, accountId: 'SAABCDEFGHIJKLMNOPQR' };
    expect(sessionObject(session, [], CREATED, ACCOUNT)).toMatchObject({
      first_party: '14155550101',
      second_party: '',
      create_session_with_single_party: true,
      subaccount: 'SAABCDEFGHIJKLMNOPQR',
    });
    expect(sessionObject({ ...session, firstParty: null }, [], CREATED, ACCOUNT).first_party).toBe('');
  });

  it('prints interactions, totals and the end of the last', () => {
    const session = {
      ...SESSION,
      totals: { callCount: 2, billedDuration: 62, callAmount: 0 },
      lastInteractionAt: LEG.endedAt,
    };
    const object = sessionObject(session, [INTERACTION], CREATED, ACCOUNT);
    expect(object).toMatchObject({
      total_call_count: 2,
      total_call_billed_duration: 62,
      last_interaction_time: '2026-11-23 01:03:38 +0000 UTC',
    });
    expect(object.interaction).toEqual([interactionObject(INTERACTION, ACCOUNT)]);
  });
});

describe('interactionObject', () => {
  it('prints a call that both answered, key by key and in order', () => {
    const object = interactionObject({ ...INTERACTION, recording: `${LEG.uuid}.mp3` }, ACCOUNT);
    expect(Object.entries(object)).toEqual([
      ['start_time', '2026-11-23 01:03:03 +0000 UTC'],
      ['end_time', '2026-11-23 01:03:38 +0000 UTC'],
      ['first_party_resource_url', `${ACCOUNT}/Call/${LEG.uuid}`],
      ['second_party_resource_url', `${ACCOUNT}/Call/${B_LEG.uuid}`],
      ['recording_resource_url', `${ACCOUNT}/Recording/${LEG.uuid}`],
      ['type', 'call'],
      ['total_call_amount', 0.008784],
      ['call_billed_duration', 62],
      ['total_call_count', 2],
      ['duration', 62],
    ]);
  });

  it('goes by party, not by direction', () => {
    const legs = [
      { ...LEG, party: 'second' as const },
      { ...B_LEG, party: 'first' as const },
    ];
    expect(interactionObject({ ...INTERACTION, caller: 'second', legs }, ACCOUNT)).toMatchObject({
      first_party_resource_url: `${ACCOUNT}/Call/${B_LEG.uuid}`,
      second_party_resource_url: `${ACCOUNT}/Call/${LEG.uuid}`,
    });
  });

  it('has null for a leg that was never dialled and no seconds for one that was not answered', () => {
    const legs = [{ ...LEG, answeredAt: null, bridgedAt: null }];
    expect(interactionObject({ ...INTERACTION, legs }, ACCOUNT)).toMatchObject({
      second_party_resource_url: null,
      recording_resource_url: null,
      total_call_count: 1,
      duration: 0,
    });
  });

  it('counts a leg per party that was tried, answered or not, and the trunks of one as one', () => {
    const silent = { answeredAt: null, bridgedAt: null, bill: { seconds: 0, amount: 0 } };
    const legs = [
      { ...LEG, ...silent },
      { ...B_LEG, ...silent },
      { ...B_LEG, ...silent, uuid: 'bbbbbbbb-0000-4000-8000-00000000000f' },
    ];
    expect(interactionObject({ ...INTERACTION, legs }, ACCOUNT)).toMatchObject({
      total_call_count: 2,
      call_billed_duration: 0,
      duration: 0,
    });
  });

  it('names the attempt that was answered when trunks failed over, and counts two legs', () => {
    const failed = {
      ...B_LEG,
      uuid: 'bbbbbbbb-0000-4000-8000-00000000000f',
      answeredAt: null,
      bridgedAt: null,
    };
    for (const legs of [
      [LEG, failed, B_LEG],
      [LEG, B_LEG, failed],
    ]) {
      expect(interactionObject({ ...INTERACTION, legs }, ACCOUNT)).toMatchObject({
        second_party_resource_url: `${ACCOUNT}/Call/${B_LEG.uuid}`,
        total_call_count: 2,
      });
    }
  });

  it('has no end while the call runs', () => {
    const running = { ...INTERACTION, stage: 'connected' as const, endedAt: null, endedBy: null, legs: [] };
    expect(interactionObject(running, ACCOUNT)).toMatchObject({
      end_time: null,
      total_call_count: 0,
      duration: 0,
    });
  });
});

it('timestamp prints Go\u2019s time.String() in UTC, cut to seconds', () => {
  expect(timestamp(Date.UTC(2026, 0, 2, 3, 4, 5, 999))).toBe('2026-01-02 03:04:05 +0000 UTC');
});
