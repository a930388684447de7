import { describe, expect, it } from 'vitest';
import { answerVariables, multisetArgument } from '../../../src/freeswitch/answer-variables.js';
import type { Answer, ConnectAnswer } from '../../../src/freeswitch/question.js';

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
const dial = (answer: ConnectAnswer): string => `DIAL ${answer.trunks.join('|')}`;

function variablesOf(answer: Answer): Record<string, string> {
  return Object.fromEntries(answerVariables(answer, dial));
}

describe('answer variables', () => {
  const once = { masking_digits: '', read_result: '' };

  it('connect', () => {
    expect(variablesOf(connect)).toEqual({
      ...once,
      masking_next: 'connect',
      masking_number: '+15550009999',
      masking_session: 's1',
      masking_interaction: 'i1',
      masking_party: 'first',
      masking_leg: 'a',
      masking_play_a: '',
      masking_record: '/r/x.wav',
      masking_time_limit: '3600',
      masking_dial: 'DIAL t1',
    });
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
      masking_keyed: 'own-digits',
      masking_attempt: '2',
      masking_prompt_failures: '1',
      masking_before: '',
      masking_prompt: 'silence_stream://100',
      masking_max_digits: '4',
      masking_wait: '5000',
    });
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
    expect(answerVariables(connect, dial).at(-1)).toEqual(['masking_next', 'connect']);
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
