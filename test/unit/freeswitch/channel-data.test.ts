import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { questionOf, secretOf } from '../../../src/freeswitch/channel-data.js';

const base = {
  'Unique-ID': '525ef7e0-b97f-4ab8-81ea-901bd07e7af5',
  'FreeSWITCH-Switchname': 'node-1',
  'Call-Direction': 'inbound',
  'Caller-Destination-Number': 'ask',
  'Caller-Caller-ID-Number': '%2B15550001001',
  variable_sip_req_user: '%2B15550009999',
  variable_sip_from_user: 'anonymous',
  'Caller-Privacy-Hide-Number': 'true',
  variable_masking_question: 'inbound',
};

describe('channel data', () => {
  it.each([
    ['ask-again', '', 'first'],
    ['unavailable', '', 'second'],
    ['unavailable', 'true', 'last'],
    // A later question of a call that went round once.
    ['ask-again', 'true', 'first'],
  ])('a question with the next step %s and the mark "%s" is the %s one', (next, last, round) => {
    const headers = { ...base, variable_masking_next: next, variable_masking_last: last };
    expect(questionOf(headers).round).toBe(round);
  });

  it('an inbound call', () => {
    expect(questionOf(base)).toEqual({
      kind: 'inbound',
      uuid: '525ef7e0-b97f-4ab8-81ea-901bd07e7af5',
      node: 'node-1',
      dialled: '+15550009999',
      callerNumber: '+15550001001',
      fromUser: 'anonymous',
      privacy: '',
      hidden: true,
      attempt: 0,
      keyed: 'pin',
      round: 'first',
      promptFailures: 0,
      digits: '',
      promptFailed: false,
      keeps: 'nothing',
      sessionId: '',
      number: '',
    });
  });

  it.each([
    // Asked where the trunk's call came in; on one that we registered with, the request URI names our account.
    ['%2B15550009999', 'account', '+15550009999'],
    ['15550009999', '', '15550009999'],
    // After a transfer, and from a phone that dialled no number.
    ['ask', '%2B15550009999', '+15550009999'],
    ['ask', 'bob', 'bob'],
    ['bob', '', 'bob'],
    ['1'.repeat(33), '%2B15550009999', '+15550009999'],
    ['', '', ''],
  ])(
    'with the destination %j and the request URI %j, %j was dialled',
    (destination, requestUser, dialled) => {
      const headers = {
        ...base,
        'Caller-Destination-Number': destination,
        variable_sip_req_user: requestUser,
      };
      expect(questionOf(headers).dialled).toBe(dialled);
    },
  );

  it.each([
    [{ scope_variable_masking_question: 'inbound' }, 'inbound'],
    [{ scope_variable_masking_question: 'digits', variable_masking_question: 'inbound' }, 'digits'],
    // A node of before.
    [{ variable_masking_question: 'first-party-answered' }, 'first-party-answered'],
  ])('what is asked goes with the question: %j', (more, kind) => {
    expect(questionOf({ ...base, variable_masking_question: '', ...more }).kind).toBe(kind);
  });

  it.each([
    [{}, 'nothing'],
    [{ scope_variable_masking_kept: '' }, 'nothing'],
    [{ scope_variable_masking_kept: 'true' }, 'defaults'],
    [{ scope_variable_masking_kept: 'all' }, 'all'],
    // A variable of the channel could come from anywhere.
    [{ variable_masking_kept: 'all' }, 'nothing'],
  ])('what the node keeps of what every leg has is told by the dialplan alone: %j', (more, keeps) => {
    expect(questionOf({ ...base, ...more }).keeps).toBe(keeps);
  });

  it('digits, and a prompt that could not be played', () => {
    const keyed = { ...base, variable_masking_question: 'digits', variable_masking_attempt: '2' };
    expect(
      questionOf({ ...keyed, variable_masking_digits: '12%2A', variable_read_result: 'success' }),
    ).toMatchObject({ kind: 'digits', keyed: 'pin', attempt: 2, digits: '12*', promptFailed: false });
    expect(questionOf({ ...keyed, variable_masking_keyed: 'own-digits' }).keyed).toBe('own-digits');
    expect(questionOf({ ...keyed, variable_read_result: 'timeout' })).toMatchObject({
      digits: '',
      promptFailed: false,
    });
    expect(questionOf(keyed)).toMatchObject({ digits: '', promptFailed: true });
  });

  it('a leg that we originated has no caller and no dialled number', () => {
    const question = questionOf({
      ...base,
      'Call-Direction': 'outbound',
      variable_masking_question: 'first-party-answered',
      variable_masking_session: 's1',
      variable_masking_number: '%2B15550009999',
    });
    expect(question).toMatchObject({
      callerNumber: '',
      dialled: '',
      sessionId: 's1',
      number: '+15550009999',
    });
  });

  it('says to which session it belongs in one variable as well', () => {
    const marks = 'a/first/%2B15550009999/s1/i1';
    expect(questionOf({ ...base, variable_masking_marks: marks })).toMatchObject({
      sessionId: 's1',
      number: '+15550009999',
    });
  });

  it.each([
    '',
    '%',
    'Andr%E9',
    '%F0%9F%98%80',
    '%24%7Bhostname%7D',
    '%3Bdrop',
    '1'.repeat(40),
    'x'.repeat(10_000),
  ])('a caller %s is a question all the same', (number) => {
    const { callerNumber } = questionOf({ ...base, 'Caller-Caller-ID-Number': number });
    expect(callerNumber.length).toBeLessThanOrEqual(256);
  });

  it('only a missing UUID and an unknown question throw, whatever the headers hold', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...Object.keys(base)), fc.string({ unit: 'binary' })),
        (headers) => {
          const question = questionOf({ ...headers, 'Unique-ID': 'u', variable_masking_question: 'digits' });
          expect(question.uuid).toBe('u');
        },
      ),
    );
    for (const headers of [{}, { ...base, 'Unique-ID': '' }, { ...base, variable_masking_question: 'x' }]) {
      expect(() => questionOf(headers)).toThrow(expect.objectContaining({ code: 'ERR_QUESTION_INVALID' }));
    }
  });

  it('the secret', () => {
    expect(secretOf({ scope_variable_masking_secret: 'a%20b' })).toBe('a b');
    expect(secretOf({})).toBe('');
  });
});
