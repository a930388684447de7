import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import { RING_TIMEOUT } from '../../../src/api/sessions/rules.js';
import { WHISPER_LIMIT } from '../../../src/freeswitch/dial-string.js';
import { LEG_DEFAULTS } from '../../../src/freeswitch/leg-defaults.js';

/** A file of the repository, without what is commented out. */
const read = async (file: string): Promise<string> =>
  (await readFile(new URL(`../../../${file}`, import.meta.url), 'utf8')).replaceAll(/<!--.*?-->/gs, '');

describe('what every leg has', () => {
  it('is what a node has as global variables, and the node says that it has all of it last', async () => {
    const set = [...(await read('dialplan/legs.xml')).matchAll(/cmd="set" data="([^="]+)=([^"]*)"/g)].map(
      ([, name = '', value = '']) => [name, value] as const,
    );
    expect(new Map(set)).toEqual(
      new Map([
        ...LEG_DEFAULTS,
        // What the dialplan set on each leg before.
        ['media_timeout', '$${media_timeout_seconds}000'],
        ['max_session_transfers', '60'],
        ['transfer_ringback', '$${ringback_tone}'],
        ['disable_app_log', 'true'],
        ['rtp_secure_media_inbound', '$${sip_trunk_srtp}'],
        ['masking_question', 'inbound'],
        ['masking_next', 'ask-again'],
        ['effective_caller_id_number', 'anonymous'],
        ['effective_caller_id_name', 'anonymous'],
        ['initial_callee_id_number', 'anonymous'],
        ['initial_callee_id_name', 'anonymous'],
        ['call_timeout', String(RING_TIMEOUT.max + WHISPER_LIMIT + 10)],
        ['legs_kept', 'all'],
      ]),
    );
    expect(set).toHaveLength(LEG_DEFAULTS.size + 13);
    expect(set.at(-1)?.[0]).toBe('legs_kept');
  });

  it('is read once its own variables are set', async () => {
    const included = [
      ...(await read('freeswitch/conf/freeswitch.xml')).matchAll(/cmd="include" data="([^"]+)"/g),
    ].map(([, file]) => file);
    expect(included.indexOf('vars.xml')).toBe(0);
    expect(included.indexOf('dialplan/*.xml')).toBeGreaterThan(0);
  });

  it('is told by the dialplan to whom it asks, wherever it asks', async () => {
    const asked = [...(await read('dialplan/masking.xml')).matchAll(/application="socket" data="([^"]*)"/g)];
    expect(asked.length).toBeGreaterThan(3);
    for (const [, data] of asked)
      expect(data).toContain(',masking_kept=${legs_kept},masking_question=${masking_question}]');
  });

  it('gives softphones nothing of what trunks have on for SRTP', async () => {
    const plan = await read('dialplan/masking.xml');
    const context = /<context name="softphone">(.*?)<\/context>/s.exec(plan)?.[1] ?? '';
    const own = context.indexOf('data="rtp_secure_media_inbound=optional"');
    expect(own).toBeGreaterThan(0);
    expect(context.indexOf('"transfer"')).toBeGreaterThan(own);
  });
});
