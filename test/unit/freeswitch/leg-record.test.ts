import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { EslEvent } from '../../../src/freeswitch/event.js';
import {
  cdrSubject,
  legFromCdr,
  legFromEvent,
  legOf,
  unmarkedLegFromCdr,
  unmarkedLegFromEvent,
} from '../../../src/freeswitch/leg-record.js';

interface Capture {
  readonly case: string;
  readonly role: 'a' | 'b';
  readonly event: Readonly<Record<string, string>>;
  readonly cdr: { readonly switchname: string; readonly variables: Readonly<Record<string, string>> };
}

/** Captured from FreeSWITCH 1.10.12, trimmed. */
const captures = JSON.parse(
  readFileSync(new URL('../../fixtures/freeswitch-legs.json', import.meta.url), 'utf8'),
) as Capture[];

const IN_FIVE = ['leg', 'party', 'number', 'session', 'interaction'].map(
  (name) => `variable_masking_${name}`,
);

/** What the five say in one. */
const marksOf = (event: EslEvent): string => IN_FIVE.map((name) => event[name]).join('/');

/** The event of a leg that has one variable in place of the five. */
function inOne(event: EslEvent, marks: string): EslEvent {
  const others = Object.entries(event).filter(([name]) => !IN_FIVE.includes(name));
  return { ...Object.fromEntries(others), variable_masking_marks: marks };
}

function cdrInOne(cdr: Capture['cdr'], marks: string): Capture['cdr'] {
  const others = Object.entries(cdr.variables).filter(([name]) => !IN_FIVE.includes(`variable_${name}`));
  return { ...cdr, variables: { ...Object.fromEntries(others), masking_marks: marks } };
}

function capture(name: string, role: 'a' | 'b'): Capture {
  const found = captures.find((item) => item.case === name && item.role === role);
  if (found === undefined) throw new Error(`no capture of ${name}, ${role}`);
  return found;
}

describe('leg record', () => {
  it.each(captures.map((item) => [item.case, item.role] as const))(
    'the hangup event and the CDR of %s, leg %s, tell the same',
    (name, role) => {
      const { event, cdr } = capture(name, role);
      const record = legFromEvent(event);
      expect(record).not.toBeNull();
      expect(legFromCdr(cdr)).toEqual(record);
    },
  );

  it.each([
    ['a-hangs-up', 'a', { endedBy: 'a', cause: 'NORMAL_CLEARING', sipStatus: null }],
    ['a-hangs-up', 'b', { endedBy: 'a', cause: 'NORMAL_CLEARING', sipStatus: 200, trunk: 't1' }],
    ['b-hangs-up', 'a', { endedBy: 'b', cause: 'NORMAL_CLEARING' }],
    ['b-hangs-up', 'b', { endedBy: 'b', cause: 'NORMAL_CLEARING' }],
    [
      'b-is-busy',
      'a',
      { endedBy: 'b', cause: 'USER_BUSY', answeredAt: null, bridgedAt: null, sipStatus: null },
    ],
    ['b-is-busy', 'b', { endedBy: 'b', cause: 'USER_BUSY', answeredAt: null, sipStatus: 486 }],
    ['a-cancels', 'a', { endedBy: 'a', cause: 'ORIGINATOR_CANCEL', answeredAt: null }],
    ['a-cancels', 'b', { endedBy: 'a', cause: 'ORIGINATOR_CANCEL', sipStatus: null }],
    ['time-limit', 'a', { endedBy: 'system', cause: 'ALLOTTED_TIMEOUT' }],
    ['time-limit', 'b', { endedBy: 'system' }],
  ] as const)('%s: who ended leg %s', (name, role, expected) => {
    expect(legFromEvent(capture(name, role).event)?.leg).toMatchObject(expected);
  });

  it('gives the address, the times in order and in milliseconds', () => {
    const { event } = capture('a-hangs-up', 'b');
    const { address, leg } = legFromEvent(event)!;
    expect(address).toEqual({
      node: 'node-1',
      number: '+15550009999',
      sessionId: 's1',
      interactionId: event['variable_masking_interaction'],
    });
    expect(leg).toMatchObject({ uuid: event['Unique-ID'], role: 'b', party: 'second' });
    const times = [leg.startedAt, leg.ringingAt!, leg.answeredAt!, leg.bridgedAt!, leg.endedAt];
    expect([...times].sort((x, y) => x - y)).toEqual(times);
    expect(new Date(leg.startedAt).getUTCFullYear()).toBeGreaterThan(2020);
  });

  it.each(['a', 'b'] as const)(
    'reads what names the call of leg %s in one variable as it does in five',
    (role) => {
      const { event, cdr } = capture('a-hangs-up', role);
      const all = marksOf(event);
      const record = legFromEvent(event);
      expect(legFromEvent(inOne(event, all))).toEqual(record);
      const encoded = all.replace('+', '%2B');
      for (const marks of [all, encoded]) expect(legFromCdr(cdrInOne(cdr, marks))).toEqual(record);
      expect(cdrSubject(cdrInOne(cdr, encoded))).toEqual(cdrSubject(cdr));
      expect(cdrSubject(cdr)['call']).toBe(event['variable_masking_interaction']);
      // The one counts where a leg has both.
      const both = { ...event, variable_masking_session: 'another', variable_masking_marks: all };
      expect(legFromEvent(both)).toEqual(record);
      for (const less of ['', '/', all.slice(2), `${all}/x`, all.replace('+', ''), all.replace(/^./, 'c')]) {
        expect(legFromEvent(inOne(event, less))).toBeNull();
        expect(legFromCdr(cdrInOne(cdr, less))).toBeNull();
      }
    },
  );

  it('takes the gateway for the trunk where nothing else names one', () => {
    const of = (more: EslEvent): string | undefined =>
      legFromEvent({ ...capture('a-hangs-up', 'b').event, ...more })?.leg.trunk;
    expect(of({ variable_masking_trunk: '', variable_sip_gateway_name: 't9' })).toBe('t9');
    expect(of({ variable_masking_trunk: 'softphone', variable_sip_gateway_name: 't9' })).toBe('softphone');
  });

  it('takes early media for ringing', () => {
    const event = { ...capture('a-hangs-up', 'b').event };
    const rang = event['variable_progress_uepoch']!;
    const early = { ...event, variable_progress_uepoch: '0', variable_progress_media_uepoch: rang };
    expect(legFromEvent(early)!.leg.ringingAt).toBe(legFromEvent(event)!.leg.ringingAt);
  });

  it.each([
    ['variable_masking_number', '15550009999'],
    ['variable_masking_number', ''],
    ['variable_masking_leg', 'c'],
    ['variable_masking_party', 'third'],
    ['variable_masking_session', ''],
    ['variable_masking_interaction', ''],
    ['Unique-ID', ''],
    ['FreeSWITCH-Switchname', ''],
  ])('a channel with %s %j is none of ours', (name, value) => {
    const event: EslEvent = { ...capture('a-hangs-up', 'a').event, [name]: value };
    expect(legOf(event)).toBeNull();
    expect(legFromEvent(event)).toBeNull();
  });

  it.each([null, 1, 'x', [], {}, { variables: null }, { variables: [] }, { variables: { masking_leg: 1 } }])(
    'a document %j is no record',
    (document) => {
      expect(legFromCdr(document)).toBeNull();
    },
  );

  it.each(['', '0', 'x', '-1', '9'.repeat(40)])('a start of %j is no record', (start) => {
    const event = { ...capture('a-hangs-up', 'a').event, variable_start_uepoch: start };
    expect(legFromEvent(event)).toBeNull();
  });
});

describe('a leg that called us and got no answer', () => {
  const { event } = capture('a-cancels', 'a');
  const unmarked = Object.fromEntries(
    Object.entries(event).filter(([name]) => !name.startsWith('variable_masking_')),
  );
  const asked = { ...unmarked, variable_socket_host: '127.0.0.1' };

  const both = (headers: EslEvent): (string | undefined)[] => {
    const variables = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.replace(/^variable_/, ''), value]),
    );
    const cdr = {
      switchname: headers['FreeSWITCH-Switchname'],
      variables: { ...variables, uuid: headers['Unique-ID'] },
    };
    return [unmarkedLegFromEvent(headers)?.ledTo, unmarkedLegFromCdr(cdr)?.ledTo];
  };

  it.each([
    ['asked, as every leg without an answer', asked, 'ask-again'],
    ['asked twice', { ...asked, variable_masking_next: 'unavailable' }, 'unavailable'],
    ['refused by an answer', { ...asked, variable_masking_next: 'refuse' }, 'refuse'],
    [
      'a node of before had marked',
      { ...unmarked, variable_masking_leg: 'a', variable_masking_next: 'ask-again' },
      'ask-again',
    ],
  ])('is told by its event and its CDR: one that was %s', (_, headers, ledTo) => {
    expect(both(headers)).toEqual([ledTo, ledTo]);
  });

  it.each([
    ['was refused unasked, as by a node that drains', unmarked],
    ['we dialled', { ...asked, variable_direction: 'outbound' }],
    ['belongs to a session', { ...asked, variable_masking_session: 's1' }],
    ['names its call in one variable', { ...asked, variable_masking_marks: 'a/first/+15550009999/s1/i1' }],
  ])('is none that %s', (_, headers) => {
    expect(both(headers)).toEqual([undefined, undefined]);
  });
});
