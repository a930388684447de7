import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { LEG_DEFAULTS } from '../../src/freeswitch/leg-defaults.js';
import { spawnCli } from '../helpers/cli.js';
import { Stack } from '../helpers/stack.js';
import { RealFreeSwitch, requireFreeSwitch } from './helpers/real-freeswitch.js';
import { freeUdpPort } from './helpers/sipp.js';

/** The least that FreeSWITCH takes. */
const PING_SECONDS = 5;

let stack: Stack;
let freeswitch: RealFreeSwitch;
let carrier: Socket;

/** A carrier that answers OPTIONS, and nothing else. */
async function carrierAt(port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', (message, peer) => {
    const lines = message.toString('latin1').split('\r\n');
    if (lines[0]?.startsWith('OPTIONS ') !== true) return;
    const repeated = lines.filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line));
    const answer = [
      'SIP/2.0 200 OK',
      ...repeated.map((line) => (line.startsWith('To:') ? `${line};tag=c` : line)),
    ];
    socket.send([...answer, 'Content-Length: 0', '\r\n'].join('\r\n'), peer.port, peer.address);
  });
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

beforeAll(async () => {
  requireFreeSwitch();
  stack = await Stack.prepare({
    controllers: 1,
    trunks: ['alive', 'dead', 'unpinged'],
    environment: { VIRTUAL_NUMBERS: '+15550009999', RECORDING_DISK_FLOOR_MB: '0' },
  });
  const [alive, dead] = [await freeUdpPort(), await freeUdpPort()];
  carrier = await carrierAt(alive);
  freeswitch = await RealFreeSwitch.beside(stack, {
    trunks: [
      { name: 'alive', port: alive, ping: PING_SECONDS },
      { name: 'dead', port: dead, ping: PING_SECONDS },
      { name: 'unpinged', port: dead },
    ],
  });
  await stack.startControllers();
}, 120_000);

afterAll(async () => {
  await stack.close();
  await freeswitch.end('SIGTERM');
  carrier.close();
});

/** The lines of the doctor, once FreeSWITCH has pinged both trunks. */
async function linesFor(changes: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const environment = { ...stack.controllers[0]!.environment, ...changes };
  const { stdout, stderr } = await spawnCli(['doctor'], { environment });
  expect(stderr).toMatch(/^(maskline: )?\d+ ok, /m);
  return stdout.trim().split('\n');
}

describe('the doctor at a real FreeSWITCH', () => {
  it('reads its modules, dialplan, trunks, SIP port, folders, prompts and clock', async () => {
    const control = await freeswitch.control();
    const deadline = Date.now() + 60_000;
    while (!/^Status\s+DOWN/m.test(await control.api('sofia status gateway dead'))) {
      expect(Date.now(), 'FreeSWITCH has not noticed that the trunk is dead').toBeLessThan(deadline);
      await sleep(500);
    }
    control.close();
    const lines = await linesFor({ TRUNKS: 'alive,dead,unpinged,unknown' });
    const endpoint = stack.controllers[0]!.environment['FREESWITCH_NODES']!;
    const answers = `ok    FreeSWITCH ${endpoint} — answers as node-under-test, version `;
    expect(lines.filter((line) => line.startsWith(answers))).toHaveLength(1);
    expect(lines).toContain(`ok    FreeSWITCH ${endpoint} modules — all that calls need are loaded`);
    expect(lines).toContain(`ok    FreeSWITCH ${endpoint} dialplan — dialplan/masking.xml is loaded`);
    expect(lines).toContain(`ok    QUESTION_SECRET of ${endpoint} — FreeSWITCH has the same`);
    expect(lines).toContain(`ok    questions of ${endpoint} — go to ${stack.questionHosts}`);
    expect(lines).toContain(`ok    CDRs of ${endpoint} — go to ${stack.cdrHosts}`);
    expect(lines).toContain('ok    trunk alive — the carrier answers OPTIONS (NOREG)');
    expect(lines.find((line) => line.includes('trunk dead'))).toMatch(
      /^FAIL .*the carrier does not answer OPTIONS/,
    );
    expect(lines.find((line) => line.includes('trunk unpinged'))).toMatch(/^warn .*not pinged/);
    expect(lines.find((line) => line.includes('trunk unknown'))).toMatch(/^FAIL .*no gateway of that name/);
    expect(lines.find((line) => line.includes('SIP port'))).toMatch(
      /^ok .*answers OPTIONS over UDP \(status 200\)/,
    );
    expect(lines).toContain(`ok    RECORDINGS_DIR at FreeSWITCH ${endpoint} — the same folder, and writable`);
    expect(lines).toContain(`ok    prompts of ${endpoint} — all there, and playable`);
    expect(lines).toContain(`ok    clock of FreeSWITCH ${endpoint} — agrees with this host’s to a second`);
    // What is wrong on purpose, and nothing else.
    expect(lines.filter((line) => /^(FAIL|warn)/.test(line))).toHaveLength(3);
  });

  it('knows a refused password from everything else', async () => {
    const lines = await linesFor({ FREESWITCH_PASSWORD: 'wr0ng-0123456789abcdef' });
    expect(lines.find((line) => line.includes('FreeSWITCH 127'))).toMatch(
      /^FAIL .*it refuses the password; set FREESWITCH_PASSWORD/,
    );
  });

  it('has what every leg needs by itself', async () => {
    const control = await freeswitch.control();
    const globals = new Map([
      ...LEG_DEFAULTS,
      ...([
        ['media_timeout', '300000'],
        ['legs_kept', 'all'],
      ] as const),
    ]);
    for (const [name, value] of globals)
      expect([name, await control.api(`global_getvar ${name}`)]).toEqual([name, value]);
    control.close();
  });

  it('sees a node that drains', async () => {
    const control = await freeswitch.control();
    await control.api('global_setvar node_draining=true');
    const lines = await linesFor();
    await control.api('global_setvar node_draining=false');
    control.close();
    expect(lines.find((line) => line.includes(' calls — '))).toMatch(/^warn .*it drains: new calls get 503/);
  });
});
