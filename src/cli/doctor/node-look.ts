import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Config, NodeAddress } from '../../config.js';
import { EslConnection } from '../../freeswitch/connection.js';
import { SOFTPHONE_TRUNK } from '../../freeswitch/dial-string.js';
import { EslAuthError } from '../../freeswitch/errors.js';
import { gatewayStatusIn } from '../../freeswitch/gateway-status.js';
import { BUILT_IN } from '../../prompts/built-in.js';
import { reasonOf } from '../api-client.js';

/** Modules without which a call cannot be masked: those of freeswitch/conf/autoload_configs/modules.conf.xml. */
const MODULES = [
  'mod_commands',
  'mod_dptools',
  'mod_dialplan_xml',
  'mod_sndfile',
  'mod_tone_stream',
  'mod_shout',
  'mod_json_cdr',
  'mod_sofia',
];
/** What the dialplan has to hold. */
const EXTENSIONS = ['ask', 'ask-again', 'ask-last', 'prompt', 'connect', 'announce', 'refuse', 'unavailable'];
/** Prompts that the dialplan itself names. */
const PLAN_PROMPTS = ['cannot-connect.wav', 'unavailable.wav'];
const GLOBALS = [
  'question_secret',
  'question_hosts_NORMAL_TEMPORARY_FAILURE',
  'sip_trunk_ip',
  'sip_trunk_port',
  'sound_prefix',
  'cdr_dir',
  'node_draining',
] as const;

const OPEN_MS = 5_000;
/** All commands are sent at once and answered one after the other. */
const COMMAND_MS = 10_000;

export type FolderView = 'writable' | 'read-only' | 'unknown';

/** How one trunk is known to FreeSWITCH. */
export type TrunkState =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'known'; readonly status: string; readonly state: string; readonly pings: boolean };

/** What a node says of itself over its Event Socket. */
export interface NodeFacts {
  /** `host:port`. */
  readonly endpoint: string;
  readonly host: string;
  readonly trouble: null;
  readonly version: string;
  readonly switchname: string;
  readonly missingModules: readonly string[];
  readonly missingExtensions: readonly string[];
  /** Global variables that are set; secrets among them. */
  readonly globals: Readonly<Partial<Record<(typeof GLOBALS)[number], string>>>;
  /** Whether `fsctl ready_check` says that it takes calls. */
  readonly isReady: boolean;
  /** Its configuration of mod_json_cdr: where CDRs are posted, and with what. */
  readonly cdrs: { readonly urls: readonly string[]; readonly credentials: string };
  readonly trunks: ReadonlyMap<string, TrunkState>;
  readonly hasSoftphones: boolean;
  /** Milliseconds that its clock is ahead of ours, and how wrong that may be. */
  readonly clock: { readonly ahead: number; readonly within: number } | null;
  /** Folders as it sees them, and whether a file that we wrote there is there for it; null when we could not write. */
  readonly folders: ReadonlyMap<string, { readonly view: FolderView; readonly shared: boolean | null }>;
  readonly missingPrompts: readonly string[];
}

/** A node that could not be asked, and why: `access-list`, `password` or the system's code. */
export interface SilentNode {
  readonly endpoint: string;
  readonly host: string;
  readonly trouble: string;
}

export type NodeLook = NodeFacts | SilentNode;

/** Asks a node everything that the checks need, and of each of `trunks`. Rejects for nothing but a defect. */
export async function lookAtNode(
  address: NodeAddress,
  config: Config,
  trunks: readonly string[],
): Promise<NodeLook> {
  const { host, port } = address;
  const endpoint = `${host}:${port}`;
  const { password } = config.freeswitch;
  const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  const connection = new EslConnection({
    ...{ host, port, password, log: silent },
    connectTimeoutMs: OPEN_MS,
    commandTimeoutMs: COMMAND_MS,
  });
  try {
    await connection.open();
    return await ask((command) => connection.api(command), { endpoint, host }, config, trunks);
  } catch (error) {
    return { endpoint, host, trouble: troubleOf(error) };
  } finally {
    connection.close();
  }
}

type Api = (command: string) => Promise<string>;

async function ask(
  api: Api,
  at: { endpoint: string; host: string },
  config: Config,
  trunks: readonly string[],
): Promise<NodeFacts> {
  const globals = await globalsOf(api);
  const { recordings, prompts, cdr } = config.folders;
  const gateways = trunks.filter((each) => each !== SOFTPHONE_TRUNK);
  const [version, switchname, ready, plan, cdrXml, softphones] = await Promise.all([
    api('version short'),
    api('switchname'),
    api('fsctl ready_check'),
    api('xml_locate dialplan context name masking'),
    api('xml_locate configuration configuration name json_cdr.conf'),
    api(`sofia status profile ${SOFTPHONE_TRUNK}`),
  ]);
  const [missingModules, prompted, states, folders, clock] = await Promise.all([
    lacking(MODULES, async (name) => (await api(`module_exists ${name}`)).trim() === 'true'),
    missingPrompts(api, globals.sound_prefix),
    keyed(gateways, async (name) => trunkState(await api(`sofia status gateway ${name}`))),
    keyed([...new Set([recordings, prompts, globals.cdr_dir ?? cdr])], (folder) => folderFacts(api, folder)),
    clockOf(api),
  ]);
  return {
    ...at,
    trouble: null,
    version: version.trim(),
    switchname: switchname.trim(),
    missingModules,
    missingExtensions: EXTENSIONS.filter((name) => !plan.includes(`<extension name="${name}"`)),
    globals,
    isReady: ready.trim() === 'true',
    cdrs: {
      urls: [...cdrXml.matchAll(/name="url" value="([^"]*)"/g)].map((match) => match[1] ?? ''),
      credentials: /name="cred" value="([^"]*)"/.exec(cdrXml)?.[1] ?? '',
    },
    trunks: states,
    hasSoftphones: !softphones.startsWith('Invalid Profile'),
    clock,
    folders,
    missingPrompts: prompted,
  };
}

async function globalsOf(api: Api): Promise<NodeFacts['globals']> {
  const found = await keyed(GLOBALS, (name) => api(`global_getvar ${name}`));
  const set = [...found].filter(([, value]) => !value.startsWith('-ERR') && value.trim() !== '');
  return Object.fromEntries(set.map(([name, value]) => [name, value.trim()]));
}

async function keyed<Key extends string, T>(
  keys: readonly Key[],
  look: (key: Key) => Promise<T>,
): Promise<Map<Key, T>> {
  return new Map(await Promise.all(keys.map(async (key): Promise<[Key, T]> => [key, await look(key)])));
}

async function missingPrompts(api: Api, folder: string | undefined): Promise<readonly string[]> {
  if (folder === undefined || !isPlainPath(folder)) return [];
  const names = [...new Set([...Object.values(BUILT_IN), ...PLAN_PROMPTS])].sort();
  return lacking(names, async (name) => (await test(api, '-r', join(folder, name))) !== false);
}

async function folderFacts(
  api: Api,
  folder: string,
): Promise<{ readonly view: FolderView; readonly shared: boolean | null }> {
  const [writable, shared] = await Promise.all([test(api, '-w', folder), isShared(api, folder)]);
  const view = writable === null ? 'unknown' : writable ? 'writable' : 'read-only';
  return { view, shared };
}

/** Whether a file that we make is there for FreeSWITCH; null when we cannot make one, or it cannot tell. */
async function isShared(api: Api, folder: string): Promise<boolean | null> {
  const file = join(folder, `.maskline-doctor-${randomUUID()}`);
  try {
    await writeFile(file, '', { flag: 'wx' });
  } catch {
    return null;
  }
  try {
    return await test(api, '-e', file);
  } finally {
    await rm(file, { force: true });
  }
}

/** `test` in FreeSWITCH's own shell, so with its rights and in its view of the disk; null when it cannot tell. */
async function test(api: Api, flag: '-e' | '-r' | '-w', path: string): Promise<boolean | null> {
  if (!isPlainPath(path)) return null;
  const said = (await api(`system test ${flag} ${path} && echo yes || echo no`)).trim();
  return said === 'yes' ? true : said === 'no' ? false : null;
}

/** Nothing that a shell would take for more than a path. */
function isPlainPath(path: string): boolean {
  return /^\/[A-Za-z0-9_/.-]*$/.test(path);
}

function trunkState(text: string): TrunkState {
  const status = gatewayStatusIn(text);
  if (status === null) return { kind: 'unknown' };
  const { state, registration, isPinged } = status;
  return { kind: 'known', status: state === 'up' ? 'UP' : 'DOWN', state: registration, pings: isPinged };
}

async function clockOf(api: Api): Promise<NodeFacts['clock']> {
  const before = Date.now();
  const shown = Number(await api('strmicroepoch')) / 1_000;
  const after = Date.now();
  if (!Number.isFinite(shown) || shown <= 0) return null;
  return { ahead: shown - (before + after) / 2, within: (after - before) / 2 + 1 };
}

async function lacking(names: readonly string[], has: (name: string) => Promise<boolean>): Promise<string[]> {
  const found = await keyed(names, has);
  return names.filter((name) => found.get(name) !== true);
}

function troubleOf(error: unknown): string {
  if (error instanceof EslAuthError) return 'password';
  if (error instanceof Error && error.message.includes('access list')) return 'access-list';
  if (error instanceof Error && error.message.includes('not ready within')) return 'ETIMEDOUT';
  return reasonOf(error);
}

function nothing(): void {
  // The findings say what there is to say.
}
