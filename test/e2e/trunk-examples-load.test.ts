import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freeTcpPort } from '../helpers/ports.js';
import { Stack } from '../helpers/stack.js';
import { Authority, writeTlsFolder } from './helpers/certificates.js';
import { RealFreeSwitch, requireFreeSwitch } from './helpers/real-freeswitch.js';

const EXAMPLES = new URL('../../freeswitch/trunks/examples/', import.meta.url).pathname;

let stack: Stack;
let freeswitch: RealFreeSwitch;
let folder: string;
let names: string[];

beforeAll(async () => {
  requireFreeSwitch();
  folder = await mkdtemp(join(tmpdir(), 'maskline-examples-'));
  const authority = Authority.make(join(folder, 'authority'), 'Authority of the tests');
  writeTlsFolder(join(folder, 'tls'), authority.issue('DNS:localhost'), authority.certificate);
  stack = await Stack.prepare({ controllers: 0, trunks: [] });
  const trunks = join(stack.folder, 'trunks');
  await mkdir(trunks, { recursive: true });
  const files = await readdir(EXAMPLES);
  for (const file of files) await copyFile(join(EXAMPLES, file), join(trunks, file));
  names = files.map((file) => file.replace(/\.xml$/, ''));
  freeswitch = await RealFreeSwitch.beside(stack, {
    trunks: [],
    environment: { SIP_TRUNK_TLS_PORT: String(await freeTcpPort()), TLS_DIR: join(folder, 'tls') },
  });
});

afterAll(async () => {
  await freeswitch.end('SIGKILL');
  await stack.close();
  await rm(folder, { recursive: true, force: true });
});

it('a real FreeSWITCH knows every example as a gateway that wants no registration', async () => {
  const control = await freeswitch.control();
  try {
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const status = await control.api(`sofia status gateway ${name}`);
      expect(status, name).toMatch(new RegExp(`^Name\\s+${name}$`, 'm'));
      expect(status, name).toMatch(/^State\s+NOREG$/m);
      expect(status, name).toMatch(/^PingFreq\s+20$/m);
    }
    expect(await control.api('sofia status gateway twilio-secure')).toContain('transport=tls');
  } finally {
    control.close();
  }
});
