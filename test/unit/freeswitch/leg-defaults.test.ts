import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import { LEG_DEFAULTS } from '../../../src/freeswitch/leg-defaults.js';

const conf = new URL('../../../freeswitch/conf/', import.meta.url);
const read = (file: string): Promise<string> => readFile(new URL(file, conf), 'utf8');

describe('what every leg has', () => {
  it('is what a node has as global variables, and the node says that it has all of it last', async () => {
    const set = [...(await read('legs.xml')).matchAll(/cmd="set" data="([^="]+)=([^"]*)"/g)].map(
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
        ['legs_kept', 'true'],
      ]),
    );
    expect(set).toHaveLength(LEG_DEFAULTS.size + 5);
    expect(set.at(-1)?.[0]).toBe('legs_kept');
  });

  it('is read once its own variables are set', async () => {
    const included = [...(await read('freeswitch.xml')).matchAll(/cmd="include" data="([^"]+)"/g)];
    expect(included.slice(0, 2).map(([, file]) => file)).toEqual(['vars.xml', 'legs.xml']);
  });
});
