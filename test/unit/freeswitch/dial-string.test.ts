import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dialString, DialStringError, originateString } from '../../../src/freeswitch/dial-string.js';
import { LEG_DEFAULTS } from '../../../src/freeswitch/leg-defaults.js';
import type { ConnectAnswer } from '../../../src/freeswitch/question.js';

/** Characters that mean something to FreeSWITCH, and enough others to come near a valid value. */
const SYNTAX = ['+', '1', '5', ',', '|', ']', '}', '{', '[', '$', "'", '"', '/', '.', '%', 'a', ' '];

const MARKS = {
  number: '+15550100000',
  sessionId: 'session-1',
  interactionId: 'interaction-1',
  party: 'first',
} as const;

function connect(changes: Partial<ConnectAnswer> = {}): ConnectAnswer {
  return {
    next: 'connect',
    marks: MARKS,
    target: '+15552220002',
    trunks: ['carrier'],
    ringTimeout: 30,
    callTimeLimit: 3600,
    playA: '',
    playB: '',
    record: '',
    note: '',
    ...changes,
  };
}

/** What FreeSWITCH makes of `{…}`: commas separate, the first `=` splits. */
function variables(text: string, open: string, close: string): Record<string, string> {
  const block = text.slice(text.indexOf(open) + 1, text.indexOf(close));
  const pairs = block.split(',').map((item): [string, string] => {
    const at = item.indexOf('=');
    return [item.slice(0, at), item.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}

describe('dialString', () => {
  it('gives B the virtual number as caller and the privacy settings', () => {
    expect(variables(dialString(connect()), '{', '}')).toMatchObject({
      origination_caller_id_number: '+15550100000',
      origination_caller_id_name: '+15550100000',
      origination_callee_id_number: '+15550100000',
      origination_callee_id_name: '+15550100000',
      origination_privacy: 'screen',
      sip_copy_custom_headers: 'false',
      sip_copy_multipart: 'false',
      exclude_outgoing_extra_header: '^sip_h_',
      ignore_display_updates: 'true',
      sip_ignore_remote_cid: 'true',
      outbound_redirect_fatal: 'true',
      disable_q850_reason: 'true',
    });
  });

  it('leaves to a node that keeps it what every leg has, and nothing else', () => {
    const long = variables(dialString(connect()), '{', '}');
    const short = variables(dialString(connect(), 'defaults'), '{', '}');
    // Written out: a variable that the long form lost would be lost at nodes of before.
    const kept = {
      ...{ sip_copy_custom_headers: 'false', sip_copy_multipart: 'false' },
      ...{ exclude_outgoing_extra_header: '^sip_h_', ignore_display_updates: 'true' },
      ...{ sip_ignore_remote_cid: 'true', outbound_redirect_fatal: 'true', disable_q850_reason: 'true' },
      ...{ ignore_sdp_ice: 'true' },
    };
    expect(long).toEqual({ ...short, ...kept });
    for (const [name, value] of Object.entries(kept)) expect(LEG_DEFAULTS.get(name)).toBe(value);
    for (const name of LEG_DEFAULTS.keys()) expect(short).not.toHaveProperty(name);
  });

  it('leaves to a node that keeps all the net of the ring limit and the trunk, and names the call in one', () => {
    const answer = connect({ trunks: ['carrier', 'softphone'] });
    const [before, now] = [dialString(answer, 'defaults'), dialString(answer, 'all')];
    const { masking_marks: marks, ...rest } = variables(now, '{', '}');
    expect(marks).toBe('b/second/+15550100000/session-1/interaction-1');
    expect(variables(before, '{', '}')).toEqual({
      ...rest,
      masking_number: '+15550100000',
      masking_session: 'session-1',
      masking_interaction: 'interaction-1',
      masking_party: 'second',
      masking_leg: 'b',
      originate_timeout: '160',
    });
    const legs = (text: string): string => text.slice(text.indexOf('}') + 1);
    // FreeSWITCH says which gateway a leg was dialled through, and nothing of the kind on a softphone's.
    expect(legs(now)).toBe(legs(before).replace('masking_trunk=carrier,', ''));
    expect(legs(now)).toContain('[masking_trunk=softphone,');
  });

  it('names the leg after its call, and not after whom it calls', () => {
    expect(variables(dialString(connect()), '{', '}')['origination_channel_name']).toBe(
      'maskline/b/interaction-1',
    );
  });

  it('marks the B leg with the other party', () => {
    expect(variables(dialString(connect()), '{', '}')).toMatchObject({
      masking_number: '+15550100000',
      masking_session: 'session-1',
      masking_interaction: 'interaction-1',
      masking_party: 'second',
      masking_leg: 'b',
    });
    const second = connect({ marks: { ...MARKS, party: 'second' } });
    expect(variables(dialString(second), '{', '}')['masking_party']).toBe('first');
  });

  it('gives the B leg the note that its call carries, and nothing where there is none', () => {
    expect(variables(dialString(connect({ note: '1.abc.d-e_f' })), '{', '}')['masking_note']).toBe(
      '1.abc.d-e_f',
    );
    expect(dialString(connect())).not.toContain('masking_note');
    for (const note of ['a,b=c', 'a}b', '${x}', 'a b', 'x'.repeat(3000)]) {
      expect(() => dialString(connect({ note }))).toThrow('note is not sealed text');
    }
  });

  it('tries the trunks in order, each with its name and the ring limit', () => {
    const text = dialString(connect({ trunks: ['one', 'two-2'] }));
    expect(text.slice(text.indexOf('}') + 1)).toBe(
      '[masking_trunk=one,leg_timeout=30]sofia/gateway/one/+15552220002' +
        '|[masking_trunk=two-2,leg_timeout=30]sofia/gateway/two-2/+15552220002',
    );
  });

  it('goes on to the next trunk for faults of the trunk only', () => {
    const list = variables(dialString(connect()), '{', '}')['fail_on_single_reject'] ?? '';
    expect(list).toMatch(/^!/);
    // FreeSWITCH looks for the cause's name anywhere in the list (switch_stristr).
    for (const cause of ['USER_BUSY', 'NO_ANSWER', 'NO_USER_RESPONSE', 'CALL_REJECTED', 'ALLOTTED_TIMEOUT']) {
      expect(list).not.toContain(cause);
    }
    for (const cause of ['UNALLOCATED_NUMBER', 'UNWANTED', 'NORMAL_CLEARING', 'ORIGINATOR_CANCEL', 'NONE']) {
      expect(list).not.toContain(cause);
    }
    for (const cause of ['NORMAL_TEMPORARY_FAILURE', 'GATEWAY_DOWN', 'NETWORK_OUT_OF_ORDER']) {
      expect(list).toContain(cause);
    }
  });

  it('dials a registered softphone by its digits and does not inherit the caller ID type', () => {
    const text = dialString(connect({ trunks: ['softphone'] }));
    expect(text.slice(text.indexOf('}') + 1)).toBe(
      "[masking_trunk=softphone,leg_timeout=30,sip_cid_type=none,execute_on_originate='execute_extension softphone-leg XML masking']" +
        'sofia/softphone/15552220002%softphone',
    );
  });

  it('hears of nobody’s ICE, and makes the exception for browsers on legs to softphones alone', () => {
    const text = dialString(connect({ trunks: ['carrier', 'softphone'] }));
    expect(variables(text, '{', '}')).toMatchObject({ ignore_sdp_ice: 'true' });
    const [carrier = '', softphone = ''] = text.slice(text.indexOf('}') + 1).split('|');
    expect(carrier).not.toContain('execute_on_originate');
    expect(softphone).toContain('softphone-leg');
    expect(text).not.toMatch(/webrtc|dtls/i);
  });

  it('plays to B by group_confirm, with a net far above ring limit and whisper', () => {
    expect(dialString(connect())).not.toContain('group_confirm');
    const set = variables(dialString(connect({ playB: '/prompts/hello.wav' })), '{', '}');
    expect(set['group_confirm_key']).toBe('exec');
    expect(set['group_confirm_file']).toBe('playback /prompts/hello.wav');
    const whisper = Number(set['group_confirm_timeout']);
    expect(Number(set['originate_timeout'])).toBeGreaterThan(30 + whisper);
  });

  const attacks = [
    "+1555222000'",
    '+15552220002,sip_h_X=1',
    '+15552220002|sofia/gateway/evil/1',
    '+15552220002]sofia',
    '+15552220002}',
    '${system(id)}',
    '+1555${x}',
    '+15552220002\n',
    '15552220002',
    '+05552220002',
    '+1555222000234567',
    'a b',
    '',
  ];

  it.each(attacks)('refuses %j as a number', (text) => {
    expect(() => dialString(connect({ target: text }))).toThrow(DialStringError);
    expect(() => dialString(connect({ marks: { ...MARKS, number: text } }))).toThrow(DialStringError);
  });

  it.each(['', 'a b', 'a/b', 'a,b', 'a|b', 'a]b', '${a}', 'a\n', 'é', 'x'.repeat(65)])(
    'refuses %j as a trunk',
    (text) => {
      expect(() => dialString(connect({ trunks: [text] }))).toThrow(DialStringError);
      expect(() => dialString(connect({ trunks: [text] }), 'all')).toThrow(DialStringError);
      expect(() => dialString(connect({ trunks: ['carrier', text] }))).toThrow(DialStringError);
    },
  );

  it.each(['a b', 'a,b', 'a}b', 'a/b', "a'b", '${a}', '', 'x'.repeat(65)])(
    'refuses %j as an identifier',
    (text) => {
      for (const keeps of ['nothing', 'all'] as const) {
        expect(() => dialString(connect({ marks: { ...MARKS, sessionId: text } }), keeps)).toThrow(
          DialStringError,
        );
        expect(() => dialString(connect({ marks: { ...MARKS, interactionId: text } }), keeps)).toThrow(
          DialStringError,
        );
      }
    },
  );

  it.each([
    '/a b.wav',
    '/a,b.wav',
    '/a}b',
    "/a'b",
    '/a/../b.wav',
    '${a}',
    'http://a/b.wav',
    '/a.wav\n',
    '-x',
  ])('refuses %j as a file', (text) => {
    expect(() => dialString(connect({ playB: text }))).toThrow(DialStringError);
  });

  it.each([0, -1, 1.5, NaN, Infinity, 86_401])('refuses %d as a ring timeout', (ringTimeout) => {
    expect(() => dialString(connect({ ringTimeout }))).toThrow(DialStringError);
  });

  it('refuses an empty list of trunks', () => {
    expect(() => dialString(connect({ trunks: [] }))).toThrow(DialStringError);
  });

  it('never tells the value that it refused', () => {
    expect(() => dialString(connect({ target: '+15552220002x' }))).toThrow(
      /^target is not an E\.164 number$/,
    );
  });

  it('holds no live syntax but its own, whatever text it is given', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...SYNTAX) }));
    const marks = fc.record({
      number: fc.oneof(fc.constant('+15550100000'), text),
      sessionId: fc.oneof(fc.constant('session-1'), text),
      interactionId: fc.oneof(fc.constant('interaction-1'), text),
      party: fc.constantFrom('first' as const, 'second' as const),
    });
    const target = fc.oneof(fc.constant('+15552220002'), text);
    const trunk = fc.oneof(fc.constant('carrier'), text);
    const file = fc.oneof(fc.constant('/prompts/hello.wav'), text);
    const keeps = fc.constantFrom('nothing' as const, 'defaults' as const, 'all' as const);
    fc.assert(
      fc.property(marks, target, trunk, file, keeps, (someMarks, someTarget, someTrunk, playB, kept) => {
        let built: string;
        try {
          const answer = { marks: someMarks, target: someTarget, trunks: [someTrunk], playB };
          built = dialString(connect(answer), kept);
        } catch (error) {
          expect(error).toBeInstanceOf(DialStringError);
          return;
        }
        expect(built).toMatch(
          /^\{[a-z0-9_]+=[^,{}[\]|$'"\\]*(,[a-z0-9_]+=[^,{}[\]|$'"\\]*)*\}\[[^{}[\]|$'"\\]*\]sofia\/[A-Za-z0-9_/+%-]+$/,
        );
      }),
    );
  });
});

describe('originateString', () => {
  const call = {
    uuid: '11111111-2222-4333-8444-555555555555',
    marks: MARKS,
    target: '+15551110001',
    trunks: ['one', 'two'],
    ringTimeout: 30,
  };

  it('marks the leg as A of the party called, and enters ask-first', () => {
    const text = originateString(call);
    expect(variables(text, '{', '}')).toMatchObject({ masking_leg: 'a', masking_party: 'first' });
    expect(text).toMatch(/ ask-first XML masking$/);
    expect(text.slice(0, text.indexOf(' ask-first'))).not.toContain(' ');
  });

  it('gives the UUID to the first trunk only, because FreeSWITCH refuses it twice', () => {
    const text = originateString(call);
    expect(text.match(/origination_uuid=/g)).toHaveLength(1);
    expect(text).toContain('[origination_uuid=11111111-2222-4333-8444-555555555555,masking_trunk=one,');
  });

  it('keeps its spaces in quotes on a leg to a softphone', () => {
    const text = originateString({ ...call, trunks: ['softphone'] });
    expect(text.replace(/'[^']*'/g, '').slice(0, -' ask-first XML masking'.length)).not.toContain(' ');
    expect(variables(text, '{', '}')).toMatchObject({ ignore_sdp_ice: 'true' });
  });

  it('refuses a UUID that holds live syntax', () => {
    expect(() => originateString({ ...call, uuid: 'a,b=c' })).toThrow(DialStringError);
  });
});
