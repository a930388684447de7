import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  applications,
  checkAction,
  inlineApplications,
} from '../../../sandbox/freeswitch/applications/index.js';
import { Dialplan, type Action, type Hunter } from '../../../sandbox/freeswitch/dialplan.js';
import { parseFreeswitchXml } from '../../../sandbox/freeswitch/xml.js';

const options = {
  applications: new Set(applications.keys()),
  inlineApplications,
  check: checkAction,
};

function plan(extensions: string): Dialplan {
  return Dialplan.of(
    parseFreeswitchXml(`<include><context name="c">${extensions}</context></include>`, 'test'),
    options,
  );
}

function hunt(dialplan: Dialplan, destination: string, variables: Record<string, unknown> = {}) {
  const set: Record<string, unknown> = { ...variables };
  const inline: Action[] = [];
  const hunter: Hunter = {
    field: (name) => (name === 'destination_number' ? destination : ''),
    variable: (name) => (typeof set[name] === 'string' ? set[name] : undefined),
    setVariable: (name, value) => (set[name] = value),
    inline: (action) => inline.push(action),
  };
  const extension = dialplan.hunt('c', hunter);
  return { found: extension?.actions.map((action) => action.data), name: extension?.name, set, inline };
}

const action = (data: string, more = '') => `<action application="set" data="${data}" ${more}/>`;

describe('conditions', () => {
  it('takes the first extension that matches, and what it captured', () => {
    const dialplan = plan(
      `<extension name="a"><condition field="destination_number" expression="^x$">${action('no=1')}</condition></extension>` +
        `<extension name="b"><condition field="destination_number" expression="^(\\+?)(\\d+)$">${action('n=$2,$1')}</condition></extension>` +
        `<extension name="c"><condition>${action('late=1')}</condition></extension>`,
    );
    const result = hunt(dialplan, '+123');
    expect(result).toMatchObject({ name: 'b', found: ['n=123,+'] });
    expect(result.set['DP_MATCH']).toEqual(['+123', '+', '123']);
  });

  it('goes on to the next extension with continue', () => {
    const dialplan = plan(
      `<extension name="a" continue="true"><condition>${action('a=1')}</condition></extension>` +
        `<extension name="b"><condition>${action('b=1')}</condition></extension>`,
    );
    expect(hunt(dialplan, 'x')).toMatchObject({ name: 'a', found: ['a=1', 'b=1'] });
  });

  it.each([
    ['on-false', 'hit', ['one=1', 'two=1']],
    ['on-false', 'miss', undefined],
    ['on-true', 'hit', ['one=1']],
    ['on-true', 'miss', ['two=1']],
    ['always', 'hit', ['one=1']],
    ['never', 'miss', ['two=1']],
  ])('break %s when the first one is a %s', (mode, destination, found) => {
    const dialplan = plan(
      `<extension name="a"><condition field="destination_number" expression="^hit$" break="${mode}">${action('one=1')}</condition>` +
        `<condition>${action('two=1')}</condition></extension>`,
    );
    expect(hunt(dialplan, destination).found).toEqual(found);
  });

  it('runs anti-actions where the pattern does not fit, and tests variables', () => {
    const dialplan = plan(
      '<extension name="a"><condition field="${v}" expression="^y$" break="never">' +
        '<action application="set" data="yes=1"/><anti-action application="set" data="no=1"/></condition></extension>',
    );
    expect(hunt(dialplan, 'x', { v: 'y' }).found).toEqual(['yes=1']);
    expect(hunt(dialplan, 'x').found).toEqual(['no=1']);
  });

  it('reads nested conditions, and leaves the extension when they fail', () => {
    const dialplan = plan(
      `<extension name="a"><condition field="destination_number" expression="^x$">${action('outer=1')}` +
        `<condition field="\${v}" expression="^1$">${action('inner=1')}</condition></condition></extension>` +
        `<extension name="b"><condition>${action('b=1')}</condition></extension>`,
    );
    expect(hunt(dialplan, 'x', { v: '1' }).found).toEqual(['outer=1', 'inner=1']);
    expect(hunt(dialplan, 'x').found).toEqual(['outer=1', 'b=1']);
  });

  it('runs inline actions while it hunts, so that a later condition sees them', () => {
    const dialplan = plan(
      `<extension name="a"><condition>${action('v=1', 'inline="true"')}</condition></extension>`,
    );
    expect(hunt(dialplan, 'x').inline).toEqual([{ application: 'set', data: 'v=1' }]);
  });
});

describe('loading fails loudly', () => {
  it.each([
    [
      'an application',
      '<extension name="a"><condition><action application="valet_park" data="x"/></condition></extension>',
    ],
    ['an attribute', '<extension name="a"><condition wday="1"/></extension>'],
    ['a break mode', '<extension name="a"><condition break="sometimes"/></extension>'],
    ['a field', '<extension name="a"><condition field="nonsense" expression="x"/></extension>'],
    [
      'an API call',
      `<extension name="a"><condition>${action('a=\${cond(1 == 1 ? a : b)}')}</condition></extension>`,
    ],
    [
      'an async socket',
      '<extension name="a"><condition><action application="socket" data="h:1 async full"/></condition></extension>',
    ],
    [
      'a stream',
      '<extension name="a"><condition><action application="playback" data="http://x/y.wav"/></condition></extension>',
    ],
    ['an element', '<extension name="a"><regex/></extension>'],
    [
      'an inline application',
      '<extension name="a"><condition><action application="bridge" inline="true" data="x/y"/></condition></extension>',
    ],
    ['an open tag', '<extension name="a">'],
    ['a pattern', '<extension name="a"><condition field="destination_number" expression="(["/></extension>'],
  ])('for %s that it does not know', (_, xml) => {
    expect(() => plan(xml)).toThrow(expect.objectContaining({ code: 'ERR_SANDBOX_DIALPLAN' }) as Error);
  });

  it('for a global that is not set', () => {
    const file = join(import.meta.dirname, '../../../dialplan/masking.xml');
    expect(() => Dialplan.load(file, new Map(), options)).toThrow(/global .* is not set/);
  });
});

it('loads our own dialplan', () => {
  const file = join(import.meta.dirname, '../../../dialplan/masking.xml');
  const globals = new Map([
    ['question_timeout', '5'],
    ['sip_trunk_srtp', 'optional'],
    ['ringback_tone', '%(2000,4000,440,480)'],
    ['question_hosts_NORMAL_TEMPORARY_FAILURE', 'a:1'],
  ]);
  const dialplan = Dialplan.load(file, globals, options);
  expect(['trunk', 'softphone', 'masking'].map((context) => dialplan.has(context))).toEqual([
    true,
    true,
    true,
  ]);
});
