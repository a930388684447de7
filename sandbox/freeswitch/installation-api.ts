import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import type { Core } from './core.js';

type Api = (core: Core, argument: string) => string | Promise<string>;

/** The modules of freeswitch/conf/autoload_configs/modules.conf.xml. */
const MODULES = new Set(
  'console logfile event_socket commands dptools dialplan_xml sndfile tone_stream shout json_cdr sofia'.split(
    ' ',
  ),
);

const RULE = '='.repeat(97);
const ACCESS = { '-e': constants.F_OK, '-r': constants.R_OK, '-w': constants.W_OK } as const;

/** Commands that tell how a FreeSWITCH is set up, with the exact answers of 1.10.12. */
export const installationCommands: readonly (readonly [name: string, api: Api])[] = [
  [
    'module_exists',
    (_, name) => (name === '' ? '-ERR no reply\n' : String(MODULES.has(name.replace(/^mod_/, '')))),
  ],
  ['strepoch', (core) => String(Math.floor(core.clock.now() / 1000))],
  ['strmicroepoch', (core) => String(core.micros())],
  ['xml_locate', locate],
  ['sofia', sofia],
  ['system', system],
];

/** `<section> <tag> <attribute> <value>`: only what we look for is there. */
async function locate(core: Core, argument: string): Promise<string> {
  const [section, tag, attribute, value] = argument.split(' ');
  if (value === undefined) return '-ERR bad args\n';
  if (section === 'dialplan' && tag === 'context' && attribute === 'name') {
    const plan = await readFile(core.options.dialplanFile, 'utf8');
    const context = new RegExp(`<context name="${value}">[^]*?</context>`).exec(plan);
    if (context !== null) return context[0];
  }
  if (section === 'configuration' && tag === 'configuration' && value === 'json_cdr.conf')
    return cdrConfiguration(core);
  return "can't find anything\n";
}

function cdrConfiguration({ options: { cdrDir, cdrHosts, cdrSecret } }: Core): string {
  const parameters: [string, string][] = [
    ['log-dir', cdrDir],
    ['cred', `cdr:${cdrSecret}`],
    ...cdrHosts.map((host): [string, string] => ['url', `http://${host}/cdr`]),
  ];
  const lines = parameters.map(
    ([name, value]) => `        <param name="${name}" value="${value}"></param>\n`,
  );
  return `<configuration name="json_cdr.conf" description="Call detail records">\n    <settings>\n${lines.join('\n')}\n  </settings>\n\n</configuration>`;
}

/** `status gateway <name>` and `status profile <name>`. */
function sofia(core: Core, argument: string): string {
  const [command = '', what, name = ''] = argument.split(/\s+/);
  if (command !== 'status') return `Unknown Command [${command}]\n`;
  if (what === 'gateway') return gateway(core, name);
  if (what !== 'profile') return 'Invalid Syntax!\n';
  // Softphones are phones that were told what to do, so their profile is always there.
  return name === 'trunk' || name === 'softphone' ? table([['Name', name]]) : 'Invalid Profile!\n';
}

function gateway(core: Core, name: string): string {
  const answers = core.options.network.answersOptions(name);
  if (answers === null) return 'Invalid Gateway!\n';
  return table([
    ['Name', name],
    ['Profile', 'trunk'],
    ['Scheme', 'Digest'],
    ['Realm', `${name}.invalid`],
    ['Username', 'not-used'],
    ['Password', 'yes'],
    ['Proxy', `sip:${name}.invalid`],
    ['Context', 'trunk'],
    ['Expires', '3600'],
    ['Freq', '3600'],
    ['Ping', String(Math.floor(core.clock.now() / 1000) + 20)],
    ['PingFreq', '20'],
    ['PingTime', answers ? '1.00' : '0.00'],
    ['PingState', answers ? '1/1/1' : '1/0/1'],
    ['State', 'NOREG'],
    ['Status', answers ? 'UP' : 'DOWN'],
    ['Uptime', answers ? `${Math.floor((core.clock.now() - core.startedAt) / 1000)}s` : '0s'],
    ['CallsIN', '0'],
    ['CallsOUT', '0'],
    ['FailedCallsIN', '0'],
    ['FailedCallsOUT', '0'],
  ]);
}

function table(rows: readonly (readonly [name: string, value: string])[]): string {
  return `${RULE}\n${rows.map(([name, value]) => `${name.padEnd(8)}\t${value}\n`).join('')}${RULE}\n`;
}

/** FreeSWITCH hands the line to a shell. Only the one question that we ask is answered here, and nothing is run. */
async function system(_: Core, line: string): Promise<string> {
  const match = /^test (-[erw]) (\/[A-Za-z0-9_/.-]*) && echo yes \|\| echo no$/.exec(line);
  if (match === null) return '-ERR only test is simulated\n';
  const mode = ACCESS[match[1] as keyof typeof ACCESS];
  return access(match[2] ?? '', mode).then(
    () => 'yes\n',
    () => 'no\n',
  );
}
