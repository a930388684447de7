import { randomUUID } from 'node:crypto';
import { rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { Config } from '../../config.js';
import { isMissing } from '../../missing-file.js';
import { reasonOf } from '../api-client.js';
import { size } from '../text.js';
import { Check, type Finding } from './findings.js';
import type { NodeFacts, NodeLook } from './node-look.js';

/** A folder as this user sees it. */
export interface FolderFacts {
  readonly variable: 'RECORDINGS_DIR' | 'PROMPTS_DIR' | 'CDR_DIR';
  readonly path: string;
  readonly exists: boolean;
  /** Why nothing can be written there, or in the folder that it would be made in: the system's code; null when it can. */
  readonly refusal: string | null;
  /** Bytes; null when that cannot be told. */
  readonly free: number | null;
}

/** Below it, in bytes, fetched prompts and CDRs are in danger. */
const LITTLE = 100 * 1_048_576;

export async function lookAtFolders({ folders }: Config): Promise<readonly FolderFacts[]> {
  return Promise.all([
    lookAt('RECORDINGS_DIR', folders.recordings),
    lookAt('PROMPTS_DIR', folders.prompts),
    lookAt('CDR_DIR', folders.cdr),
  ]);
}

async function lookAt(variable: FolderFacts['variable'], path: string): Promise<FolderFacts> {
  const exists = await stat(path).then(
    () => true,
    (error: unknown) => !isMissing(error),
  );
  const place = exists ? path : await nearest(path);
  const free = await statfs(place).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => null,
  );
  return { variable, path, exists, refusal: await refusalOf(place), free };
}

async function nearest(path: string): Promise<string> {
  const parent = dirname(path);
  if (parent === path) return path;
  return stat(parent).then(
    () => parent,
    () => nearest(parent),
  );
}

/** By writing: rights alone do not tell of a disk that is mounted read-only. */
async function refusalOf(folder: string): Promise<string | null> {
  const file = join(folder, `.maskline-doctor-${randomUUID()}`);
  try {
    await writeFile(file, '', { flag: 'wx' });
    await rm(file, { force: true });
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}

export function judgeFolders(
  folders: readonly FolderFacts[],
  looks: readonly NodeLook[],
  config: Config,
  unusable: ReadonlySet<string>,
): Finding[] {
  return folders.flatMap((folder) => {
    if (unusable.has(folder.variable)) {
      return [
        new Check(`folder.${folder.variable}`, folder.variable).skipped(
          `a ${folder.variable} that can be used`,
        ),
      ];
    }
    const own = judgeOwn(folder, config.recordings.diskFloor);
    return [own, ...looks.flatMap((look) => (look.trouble === null ? judgeTheirs(folder, look) : []))];
  });
}

function judgeOwn({ variable, path, exists, refusal, free }: FolderFacts, floor: number): Finding {
  const check = new Check(`folder.${variable}`, `${variable} ${path}`);
  const user = `user ${String(process.getuid?.() ?? 'of this process')}`;
  if (refusal !== null) {
    return check.fail(
      `${exists ? 'not writable' : 'it is not there, and cannot be made'} for ${user} (${refusal})`,
      exists
        ? `give it to the controller’s user: chown ${String(process.getuid?.() ?? '<user>')} ${path}, or run this as that user`
        : `make it for the controller’s user: install -d -o <user> ${path}`,
    );
  }
  if (free !== null && variable === 'RECORDINGS_DIR' && free < floor) {
    return check.fail(
      `${size(free)} free, below the floor of ${size(floor)}: new calls are not recorded`,
      'make room, or lower RECORDING_DISK_FLOOR_MB',
    );
  }
  if (free !== null && free < LITTLE) return check.warn(`only ${size(free)} free`, 'make room on its disk');
  const room = free === null ? '' : `, ${size(free)} free`;
  return check.ok(`${exists ? 'writable' : 'is made when the controller starts'} for ${user}${room}`);
}

/** What FreeSWITCH writes and what it only reads; and that both of us see the same disk. */
function judgeTheirs({ variable, path, exists }: FolderFacts, look: NodeFacts): Finding[] {
  const check = new Check(`folder.${variable}.freeswitch`, `${variable} at FreeSWITCH ${look.endpoint}`);
  const theirs = variable === 'CDR_DIR' ? (look.globals.cdr_dir ?? path) : path;
  if (variable === 'CDR_DIR' && theirs !== path) {
    return [
      check.warn(
        `it writes CDRs to ${theirs}, and the controller looks in ${path}`,
        'give both the same CDR_DIR, or run maskline-forward-cdrs on FreeSWITCH’s host',
      ),
    ];
  }
  if (!exists) return [];
  const seen = look.folders.get(theirs);
  if (seen === undefined || seen.view === 'unknown') return [check.skipped('mod_commands’ system to tell')];
  if (seen.shared === false) {
    return [
      check.fail(
        'it sees another disk there: a file of ours is not there for it',
        'mount one folder, at one path, for both',
      ),
    ];
  }
  // Prompts are fetched by the controller; FreeSWITCH plays them.
  if (variable !== 'PROMPTS_DIR' && seen.view === 'read-only') {
    const what =
      variable === 'CDR_DIR' ? 'call records are lost when no controller takes them' : 'nothing is recorded';
    return [
      check.fail(
        `FreeSWITCH may not write there: ${what}`,
        `give FreeSWITCH’s user write access to ${path} (a common group)`,
      ),
    ];
  }
  return [check.ok(variable === 'PROMPTS_DIR' ? 'the same folder' : 'the same folder, and writable')];
}
