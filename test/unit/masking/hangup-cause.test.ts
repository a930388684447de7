import { expect, test } from 'vitest';

import { hangupOf } from '../../../src/masking/hangup-cause.js';
import type { LegRecord } from '../../../src/masking/interaction.js';

const LEG: LegRecord = {
  uuid: 'leg',
  role: 'b',
  party: 'second',
  startedAt: 0,
  ringingAt: null,
  answeredAt: null,
  bridgedAt: null,
  endedAt: 1,
  cause: 'NORMAL_CLEARING',
  sipStatus: null,
  endedBy: 'system',
  trunk: 'main',
};

test.each<[string, Partial<LegRecord>, number, string, string]>([
  ['a caller that hangs up', { answeredAt: 1, endedBy: 'a' }, 4000, 'Normal Hangup', 'Caller'],
  ['a callee that hangs up', { answeredAt: 1, endedBy: 'b' }, 4000, 'Normal Hangup', 'Callee'],
  ['a caller that gives up', { cause: 'ORIGINATOR_CANCEL', endedBy: 'a' }, 1000, 'Canceled', 'Caller'],
  ['busy', { cause: 'USER_BUSY', sipStatus: 486, endedBy: 'b' }, 3010, 'Busy Line', 'Callee'],
  ['nobody there', { cause: 'NO_USER_RESPONSE', sipStatus: 480 }, 3000, 'No Answer', 'Carrier'],
  ['the ring limit', { cause: 'ALLOTTED_TIMEOUT' }, 6010, 'Ring Timeout Reached', 'Plivo'],
  ['the call limit', { cause: 'ALLOTTED_TIMEOUT', answeredAt: 1 }, 6000, 'Scheduled Hangup', 'Plivo'],
  ['603', { cause: 'CALL_REJECTED', sipStatus: 603, endedBy: 'b' }, 3110, 'Declined', 'Callee'],
  ['403', { cause: 'CALL_REJECTED', sipStatus: 403 }, 3040, 'Forbidden', 'Carrier'],
  ['a rejection', { cause: 'CALL_REJECTED', endedBy: 'b' }, 3020, 'Rejected', 'Callee'],
  ['no such number', { cause: 'UNALLOCATED_NUMBER', sipStatus: 404 }, 3050, 'Unallocated number', 'Carrier'],
  [
    '503',
    { cause: 'NORMAL_TEMPORARY_FAILURE', sipStatus: 503 },
    3080,
    'Internal server error from carrier',
    'Carrier',
  ],
  ['our own 503', { cause: 'NORMAL_TEMPORARY_FAILURE' }, 5000, 'Network Error', 'Plivo'],
  [
    'an API client, connected',
    { cause: 'MANAGER_REQUEST', answeredAt: 1 },
    4000,
    'Normal Hangup',
    'API Request',
  ],
  ['an API client, ringing', { cause: 'MANAGER_REQUEST' }, 1000, 'Canceled', 'API Request'],
  ['a loop', { cause: 'EXCHANGE_ROUTING_ERROR' }, 2060, 'Loop Detected', 'Plivo'],
  ['a crash', { cause: 'CRASH', answeredAt: 1 }, 5010, 'Internal Error', 'Error'],
  ['what nobody knows', { cause: 'CHAN_NOT_IMPLEMENTED' }, 0, 'Unknown', 'Unknown'],
  ['a name of Object', { cause: 'constructor' }, 0, 'Unknown', 'Unknown'],
])('%s', (_, changes, code, name, source) => {
  expect(hangupOf({ ...LEG, ...changes })).toEqual({ code, name, source });
});
