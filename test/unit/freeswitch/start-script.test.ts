import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { placeIdleFreeSwitch, runStartScript, START } from '../../helpers/start-script.js';

const PEM = [
  '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----',
  '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
].join('\n');

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maskline-start-'));
  await placeIdleFreeSwitch(folder);
});

afterEach(() => rm(folder, { recursive: true }));

/** Runs start.sh; throws what it says when it refuses. */
function start(environment: Record<string, string> = {}): Promise<void> {
  return runStartScript(folder, {
    FREESWITCH_PASSWORD: 'an-event-socket-password',
    QUESTION_SECRET: 'a-question-secret-of-tests',
    RUN_DIR: join(folder, 'run'),
    ...environment,
  });
}

const rendered = (path: string): Promise<string> => readFile(join(folder, 'run', 'conf', path), 'utf8');
const isRendered = (path: string): boolean => existsSync(join(folder, 'run', 'conf', path));

const SOFTPHONES = { SOFTPHONES: 'true', SOFTPHONE_PASSWORD: 'phone-secret' };

describe('the controllers of a node', () => {
  const hosts = (port: number): string => ['a', 'b', 'c'].map((host) => `${host}:${port}`).join('|');
  const order = async (environment: Record<string, string>): Promise<string[]> => {
    await start({ QUESTION_HOSTS: hosts(8084), CDR_HOSTS: hosts(8085), ...environment });
    const asked = /NORMAL_TEMPORARY_FAILURE=([^"]*)"/.exec(await rendered('vars.xml'))?.[1] ?? '';
    const posted = [...(await rendered('cdr/hosts.xml')).matchAll(/http:\/\/(.*)\/cdr/g)].map(
      ([, host]) => host,
    );
    return [asked, posted.join('|')];
  };

  it.each([
    [{}, 'a:8084|b:8084|c:8084', 'a:8085|b:8085|c:8085'],
    [{ FIRST_HOST: '1' }, 'b:8084|c:8084|a:8084', 'b:8085|c:8085|a:8085'],
    [{ FIRST_HOST: 'freeswitch-2' }, 'c:8084|a:8084|b:8084', 'c:8085|a:8085|b:8085'],
    [{ FIRST_HOST: 'node-008' }, 'c:8084|a:8084|b:8084', 'c:8085|a:8085|b:8085'],
    [{ FIRST_HOST: 'node00' }, 'a:8084|b:8084|c:8084', 'a:8085|b:8085|c:8085'],
    [{ FIRST_HOST: 'node10' }, 'b:8084|c:8084|a:8084', 'b:8085|c:8085|a:8085'],
    [{ FIRST_HOST: '10', QUESTION_HOSTS: 'a:1', CDR_HOSTS: 'a:2|b:2' }, 'a:1', 'a:2|b:2'],
  ])('with %j are asked in turn from there on', async (environment, asked, posted) => {
    expect(await order(environment)).toEqual([asked, posted]);
  });

  it.each(['-', 'node', '1-', '1234567'])('FIRST_HOST=%s is refused', async (value) => {
    await expect(start({ FIRST_HOST: value })).rejects.toThrow('FIRST_HOST must be a number of at most six');
  });
});

it.each([
  [{}, 'warning,err,crit,alert'],
  [{ LOG_LEVEL: 'debug' }, 'debug,info,notice,warning,err,crit,alert'],
  [{ LOG_LEVEL: 'info' }, 'info,notice,warning,err,crit,alert'],
  [{ LOG_LEVEL: 'notice' }, 'notice,warning,err,crit,alert'],
  [{ LOG_LEVEL: 'err' }, 'err,crit,alert'],
  [{ LOG_LEVEL: 'crit' }, 'crit,alert'],
  [{ LOG_LEVEL: 'alert' }, 'alert'],
])('with %j what is as grave or graver is logged', async (environment, levels) => {
  await start(environment);
  expect(await rendered('vars.xml')).toContain(`data="log_levels=${levels}"`);
});

describe('what keeps the two parties from each other', () => {
  const dialplan = async (files: Record<string, string>): Promise<Record<string, string>> => {
    const DIALPLAN_DIR = join(folder, 'dialplan');
    await mkdir(DIALPLAN_DIR);
    for (const [name, text] of Object.entries(files)) await writeFile(join(DIALPLAN_DIR, name), text);
    return { DIALPLAN_DIR };
  };
  const trunk = async (variable: string): Promise<Record<string, string>> => {
    const TRUNKS_DIR = join(folder, 'trunks');
    await mkdir(TRUNKS_DIR);
    const gateway = `<include><gateway name="carrier"><variables>${variable}</variables></gateway></include>`;
    await writeFile(join(TRUNKS_DIR, 'carrier.xml'), gateway);
    return { TRUNKS_DIR };
  };

  it('lies beside the dialplan, and is rendered with it', async () => {
    await start();
    expect(await rendered('dialplan/legs.xml')).toContain('sip_copy_custom_headers=false');
  });

  it.each([
    [{ 'masking.xml': '${question_hosts_ask-again}' }, 'holds a masking.xml of another version'],
    [{ 'masking.xml': '${question_hosts_NORMAL_TEMPORARY_FAILURE}' }, 'of another version'],
    [{ 'masking.xml': '${question_hosts_NORMAL_TEMPORARY_FAILURE} ${legs_kept}' }, 'must hold legs.xml, too'],
    [
      {
        'masking.xml': '${question_hosts_NORMAL_TEMPORARY_FAILURE} ${legs_kept}',
        'legs.xml': '<include><X-PRE-PROCESS cmd="set" data="legs_kept=true"/></include>',
      },
      'holds a legs.xml of another version',
    ],
  ])('a dialplan of another version is refused: %j', async (files, message) => {
    await expect(start(await dialplan(files))).rejects.toThrow(message);
  });

  it.each([
    `<variable name="sip_copy_custom_headers" value="true"/>`,
    `<variable direction='outbound' name='disable_q850_reason' value='false'/>`,
    `<variable name="media_timeout" value="0"/>`,
    `<variable name="call_timeout" value="10"/>`,
  ])('cannot be undone by a trunk file: %s', async (variable) => {
    await expect(start(await trunk(variable))).rejects.toThrow(
      'TRUNKS_DIR: carrier.xml sets a variable of dialplan/legs.xml',
    );
  });

  it('lets a trunk file set others', async () => {
    await start(await trunk('<variable name="sip_cid_type" value="pid" direction="outbound"/>'));
    expect(isRendered('trunks/carrier.xml')).toBe(true);
  });
});

describe('the WebSocket of the softphone profile', () => {
  it.each([
    ['by default', {}],
    ['with softphones alone', SOFTPHONES],
    ['with its port alone', { SOFTPHONE_WS_PORT: '5066' }],
  ])('is not there %s', async (_, environment) => {
    await start(environment);
    expect(isRendered('websocket/bindings.xml')).toBe(false);
    expect(await rendered('vars.xml')).not.toContain('softphone_websocket');
  });

  it('is on the address of the profile, and only there', async () => {
    await start({ ...SOFTPHONES, SOFTPHONE_WS_PORT: '5066' });
    const bindings = await rendered('websocket/bindings.xml');
    expect(bindings).toContain('<param name="ws-binding" value="$${softphone_ip}:5066"/>');
    expect(bindings).not.toContain('wss-binding');
    expect(await rendered('vars.xml')).toContain('data="softphone_websocket=true"');
    expect(await rendered('sip_profiles/trunk.xml')).not.toContain('websocket');
    expect(isRendered('tls/wss.pem')).toBe(false);
  });

  it('has TLS with a certificate', async () => {
    await writeFile(join(folder, 'wss.pem'), PEM);
    await start({
      ...SOFTPHONES,
      SOFTPHONE_WSS_PORT: '7443',
      SOFTPHONE_CERTIFICATE: join(folder, 'wss.pem'),
    });
    expect(await rendered('websocket/bindings.xml')).toContain('"wss-binding" value="$${softphone_ip}:7443"');
    expect(await rendered('tls/wss.pem')).toBe(PEM);
  });

  it.each([
    [{ SOFTPHONE_WS_PORT: '0' }, 'SOFTPHONE_WS_PORT must be a port'],
    [{ SOFTPHONE_WS_PORT: '5066"/>' }, 'SOFTPHONE_WS_PORT must be a port'],
    [{ SOFTPHONE_WSS_PORT: '7443' }, 'SOFTPHONE_CERTIFICATE must be set'],
    [{ SOFTPHONE_WSS_PORT: '7443', SOFTPHONE_CERTIFICATE: '/nowhere' }, 'must name a file that can be read'],
    [{ SOFTPHONE_WSS_PORT: '7443', SOFTPHONE_CERTIFICATE: START }, 'must hold the key, the certificate'],
  ])('is refused with %j', async (environment, message) => {
    await expect(start({ ...SOFTPHONES, ...environment })).rejects.toThrow(message);
  });
});
