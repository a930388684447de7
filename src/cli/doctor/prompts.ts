import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { BUILT_IN } from '../../prompts/built-in.js';
import { examineAudio } from '../../prompts/audio-format.js';
import { Check, type Finding } from './findings.js';
import type { NodeLook } from './node-look.js';

/** Built-in prompts that can be read here, and what is wrong with each; empty where FreeSWITCH's disk is not ours. */
export type PromptFaults = ReadonlyMap<string, string>;

/** Reads the prompts where FreeSWITCH's folder is on our disk too. */
export async function lookAtPrompts(look: NodeLook): Promise<PromptFaults> {
  const faults = new Map<string, string>();
  const folder = look.trouble === null ? look.globals.sound_prefix : undefined;
  if (folder === undefined) return faults;
  for (const name of Object.values(BUILT_IN)) {
    const bytes = await readFile(join(folder, name)).catch(() => null);
    if (bytes !== null) faults.set(name, faultOf(bytes));
  }
  return faults;
}

export function judgePrompts(look: NodeLook, faults: PromptFaults): Finding {
  const check = new Check('prompts', `prompts of ${look.endpoint}`);
  if (look.trouble !== null) return check.skipped(`the Event Socket of ${look.endpoint}`);
  const folder = look.globals.sound_prefix;
  if (folder === undefined)
    return check.skipped('a FreeSWITCH started by freeswitch/start.sh (sound_prefix is not set)');
  if (look.missingPrompts.length > 0) {
    return check.fail(
      `FreeSWITCH cannot read ${look.missingPrompts.join(', ')} in ${folder}: callers hear silence`,
      'see PROMPT_LANGUAGE and SOUNDS_DIR and the rights of the files, then restart FreeSWITCH',
    );
  }
  const bad = [...faults].filter(([, fault]) => fault !== '');
  if (bad.length > 0) {
    const [name = '', fault = ''] = bad[0] ?? [];
    const more = bad.length > 1 ? ` (and ${bad.length - 1} more)` : '';
    return check.fail(`${name} cannot be played: ${fault}${more}`, 'replace it: WAVE, 8 kHz, mono, 16 bit');
  }
  return check.ok(
    faults.size > 0
      ? 'all there, and playable'
      : 'all there; their format can only be seen on FreeSWITCH’s host',
  );
}

function faultOf(bytes: Buffer): string {
  const { format, fault } = examineAudio(bytes);
  if (fault !== null) return fault;
  return format === 'wav' ? '' : 'it is MP3 under the name of a WAVE file';
}
