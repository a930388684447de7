import { describe, expect, it } from 'vitest';
import { answerVariables, multisetArgument } from '../../../src/freeswitch/answer-variables.js';
import { LEG_DEFAULTS } from '../../../src/freeswitch/leg-defaults.js';
import type { Answer, ConnectAnswer, Kept } from '../../../src/freeswitch/question.js';

const connect: ConnectAnswer = {
  next: 'connect',
  marks: { number: '+15550009999', sessionId: 's1', interactionId: 'i1', party: 'first' },
  target: '+15550002002',
  trunks: ['t1'],
  ringTimeout: 30,
  callTimeLimit: 3600,
  playA: '',
  playB: '/p/b.wav',
  record: '/r/x.wav',
  note: '',
};
const UUID = '525ef7e0-b97f-4ab8-81ea-901bd07e7af5';
const dial = (answer: ConnectAnswer): string => `DIAL ${answer.trunks.join('|')}`;

function variablesOf(
  answer: Answer,
  { keeps = 'nothing', dialled = '15550009999' }: { keeps?: Kept; dialled?: string } = {},
): Record<string, string> {
  return Object.fromEntries(answerVariables(answer, dial, { uuid: UUID, dialled, keeps }));
}

describe('answer variables', () => {
  const once = { masking_digits: '', read_result: '', api_hangup_hook: '' };

  const connected = {
    ...once,
    masking_number: '+15550009999',
    masking_session: 's1',
    masking_interaction: 'i1',
    masking_party: 'first',
    masking_leg: 'a',
    sip_h_identity: '',
    sip_h_Diversion: '',
    sip_geolocation: '',
    sip_copy_custom_headers: 'false',
    sip_copy_multipart: 'false',
    ignore_display_updates: 'true',
    sip_ignore_remote_cid: 'true',
    sip_cid_in_1xx: 'false',
    sip_ignore_remote_cause: 'true',
    disable_q850_reason: 'true',
    continue_on_fail: 'true',
    hangup_after_bridge: 'true',
    export_vars: 'media_timeout',
    api_on_pre_originate: `sched_del ${UUID}`,
    api_on_post_originate: `sched_hangup +3600 ${UUID} ALLOTTED_TIMEOUT`,
  };

  it('connect: dialled where it was asked, with what keeps the two from each other', () => {
    expect(variablesOf({ ...connect, record: '' })).toEqual({
      ...connected,
      masking_dial: 'DIAL t1',
      masking_next: 'not-reached',
    });
  });

  it('connect, recorded, and a file for A before', () => {
    expect(variablesOf({ ...connect, playA: '/p/a.wav' })).toEqual({
      ...connected,
      RECORD_STEREO: 'true',
      execute_on_post_originate: 'execute_extension record XML masking',
      masking_record: '/r/x.wav',
      masking_play_a: '/p/a.wav',
      masking_dial_then: 'DIAL t1',
      masking_next: 'connect',
    });
  });

  it('connect, at a node that keeps what every leg has: the rest', () => {
    const short = variablesOf({ ...connect, record: '' }, { keeps: 'defaults' });
    // Written out: a variable that the long form lost would be lost at nodes of before.
    const kept = {
      ...{ sip_copy_custom_headers: 'false', sip_copy_multipart: 'false', ignore_display_updates: 'true' },
      ...{ sip_ignore_remote_cid: 'true', sip_cid_in_1xx: 'false', sip_ignore_remote_cause: 'true' },
      ...{ disable_q850_reason: 'true', continue_on_fail: 'true', hangup_after_bridge: 'true' },
    };
    expect(variablesOf({ ...connect, record: '' })).toEqual({
      ...short,
      ...kept,
      export_vars: 'media_timeout',
    });
    for (const [name, value] of Object.entries(kept)) expect(LEG_DEFAULTS.get(name)).toBe(value);
    for (const name of LEG_DEFAULTS.keys()) expect(short).not.toHaveProperty(name);
  });

  it('connect, at a node that keeps all: what names the call in one', () => {
    const {
      masking_marks: marks,
      masking_dial: dialled,
      ...rest
    } = variablesOf({ ...connect, record: '' }, { keeps: 'all' });
    expect(marks).toBe('a/first/+15550009999/s1/i1');
    expect(dialled).toBe('DIAL t1');
    expect(rest).toEqual({
      ...once,
      sip_h_identity: '',
      sip_h_Diversion: '',
      sip_geolocation: '',
      api_on_pre_originate: `sched_del ${UUID}`,
      api_on_post_originate: `sched_hangup +3600 ${UUID} ALLOTTED_TIMEOUT`,
      masking_next: 'not-reached',
    });
  });

  it.each(['', 'a b', 'a\nexit', '${x}', 'x'.repeat(65)])('refuses a channel UUID %j', (uuid) => {
    expect(() => answerVariables(connect, dial, { uuid, dialled: '', keeps: 'all' })).toThrow(
      expect.objectContaining({ code: 'ERR_ANSWER_INVALID' }),
    );
  });

  it('prompt, with a short silence where there is nothing to play', () => {
    const answer: Answer = {
      next: 'prompt',
      keyed: 'own-digits',
      attempt: 2,
      failures: 1,
      before: '',
      prompt: '',
      maxDigits: 4,
      waitMs: 5000,
    };
    expect(variablesOf(answer)).toEqual({
      ...once,
      masking_next: 'prompt',
      // The next question comes after a transfer, which puts another name in the place of what was dialled.
      sip_req_user: '15550009999',
      masking_keyed: 'own-digits',
      masking_attempt: '2',
      masking_prompt_failures: '1',
      masking_before: '',
      masking_prompt: 'silence_stream://100',
      masking_max_digits: '4',
      masking_wait: '5000',
    });
    for (const dialled of ['', 'bob', '${x}', '+1 555', '1'.repeat(33)])
      expect(variablesOf(answer, { dialled })).not.toHaveProperty('sip_req_user');
  });

  it('announce and refuse', () => {
    expect(variablesOf({ next: 'announce', announcement: 'a.wav', cause: 'NORMAL_CLEARING' })).toEqual({
      ...once,
      masking_next: 'announce',
      masking_announcement: 'a.wav',
      masking_cause: 'NORMAL_CLEARING',
    });
    expect(variablesOf({ next: 'refuse', cause: 'USER_BUSY' })).toEqual({
      ...once,
      masking_next: 'refuse',
      masking_cause: 'USER_BUSY',
    });
  });

  it('the next step is set last', () => {
    expect(answerVariables(connect, dial, { uuid: UUID, dialled: '', keeps: 'all' }).at(-1)).toEqual([
      'masking_next',
      'not-reached',
    ]);
  });
});

describe('multiset', () => {
  it('takes a delimiter that no value holds', () => {
    expect(
      multisetArgument([
        ['a', 'x y'],
        ['b', ''],
      ]),
    ).toBe('^^~a=x y~b=');
    expect(
      multisetArgument([
        ['a', 'x~y'],
        ['b', 'p|q'],
      ]),
    ).toBe('^^;a=x~y;b=p|q');
  });

  it('escapes quotes for the two readings that would take them away', () => {
    expect(multisetArgument([['a', "it's"]])).toBe("^^~a=it\\\\'s");
  });

  it.each([
    'a\nb',
    'a\rb',
    'a\tb',
    'a\0b',
    'a\\b',
    '${system rm}',
    'x$${y}',
    'x$$y',
    ' q8',
    'q8 ',
    'ARRAY::a|:b',
    '~|;!#&*`",:<>',
  ])('refuses %j and does not repeat it', (value) => {
    let message = '';
    try {
      multisetArgument([['masking_dial', value]]);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_ANSWER_INVALID' });
      message = (error as Error).message;
    }
    expect(message).not.toBe('');
    expect(message).not.toContain(value.trim());
  });

  it('refuses a name that is not one', () => {
    expect(() => multisetArgument([['a=b', 'c']])).toThrow(
      expect.objectContaining({ code: 'ERR_ANSWER_INVALID' }),
    );
  });
});
