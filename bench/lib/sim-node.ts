/**
 * Child of bench:scale: a simulated FreeSWITCH whose callers come in as the parent says. Started with its setting as the
 * only argument and an IPC channel; says when it is up, then answers each load with what came of it.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { SimulatedFreeSwitch } from '../../sandbox/simulated-freeswitch.js';
import { EslConnection } from '../../src/freeswitch/connection.js';
import { e164 } from '../../test/helpers/sessions.js';
import { silentLog } from '../../test/helpers/silent-log.js';
import type { NodeLoad, NodeNews, NodeSetting } from './forked-node.js';
import { SimLoad } from './sim-load.js';

const ROOT = new URL('../../', import.meta.url).pathname;

const { name, trunk, ...setting } = JSON.parse(process.argv[2] ?? '') as NodeSetting;
await mkdir(setting.cdrDir, { recursive: true });
const freeswitch = new SimulatedFreeSwitch({
  ...setting,
  dialplanFile: join(ROOT, 'dialplan/masking.xml'),
  soundsDir: join(ROOT, 'freeswitch/sounds/en'),
  switchname: name,
  trunks: { [trunk]: 'up' },
  otherwise: { kind: 'answer', afterMs: 100 },
});
await freeswitch.start();
const load = new SimLoad(freeswitch);
const say = (news: NodeNews): void => void process.send?.(news);
process.on('message', (message) => {
  const { numbers, ...options } = message as NodeLoad;
  const dials = (n: number): ReturnType<typeof e164> => e164(numbers[n % numbers.length] ?? '');
  void askInOrder()
    .then(() => load.run({ ...options, dials }))
    .then((result) => say({ result }));
});

/** A call of an earlier load that was hung up in mid-question by the dead-man has put another controller first. */
async function askInOrder(): Promise<void> {
  const { eventSocketPort: port, password, questionHosts } = setting;
  const connection = new EslConnection({ host: '127.0.0.1', port, password, log: silentLog });
  await connection.open();
  try {
    await connection.api(`global_setvar question_hosts_NORMAL_TEMPORARY_FAILURE=${questionHosts.join('|')}`);
  } finally {
    connection.close();
  }
}
// Whoever started us is gone.
process.on('disconnect', () => process.exit(0));
say({ up: true });
