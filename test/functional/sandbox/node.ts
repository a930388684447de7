import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Clock } from '../../../sandbox/clock.js';
import {
  SimulatedFreeSwitch,
  type SimulatedFreeSwitchOptions,
} from '../../../sandbox/simulated-freeswitch.js';
import { callerVariables } from '../../../src/freeswitch/caller-variables.js';
import { EventClient } from './event-client.js';
import { ScriptedController, type Script } from './scripted-controller.js';

export const DID = '+15550000099';
export const ALICE = '+15550000001';
export const BOB = '+15550000002';
export const PASSWORD = 'sandbox-password';
export const SECRET = 'sandbox-question-secret';

/** Stands for the caller's, which an answer of the test does not know before it is asked. */
const UUID = 'uuid-of-the-caller';

const root = join(import.meta.dirname, '../../..');

export interface TestNode {
  readonly node: SimulatedFreeSwitch;
  readonly controllers: readonly ScriptedController[];
  readonly events: EventClient;
  readonly dir: string;
  readonly errors: unknown[];
  close(): Promise<void>;
}

/** A simulated node with one controller per script, in order of preference, and a subscribed client. */
export async function startNode(
  scripts: readonly Script[],
  options: Partial<SimulatedFreeSwitchOptions> & { readonly speed?: number } = {},
): Promise<TestNode> {
  const dir = await mkdtemp(join(tmpdir(), 'maskline-sandbox-'));
  const controllers = scripts.map((script) => new ScriptedController(script));
  const hosts = await Promise.all(controllers.map((controller) => controller.listen()));
  const errors: unknown[] = [];
  const { speed = 10, ...more } = options;
  const clock = new Clock({ speed });
  const node = new SimulatedFreeSwitch({
    dialplanFile: join(root, 'dialplan/masking.xml'),
    soundsDir: join(root, 'freeswitch/sounds/en'),
    questionHosts: hosts,
    questionSecret: SECRET,
    password: PASSWORD,
    switchname: 'sim-1',
    cdrDir: join(dir, 'cdr'),
    trunks: { 'carrier-a': 'up', 'carrier-b': 'up' },
    clock,
    onError: (error) => errors.push(error),
    ...more,
  });
  await node.start();
  const events = await EventClient.open(node.eventSocketPort, PASSWORD, 'ALL');
  return {
    node,
    controllers,
    events,
    dir,
    errors,
    close: async () => {
      events.close();
      await node.stop();
      for (const controller of controllers) await controller.close();
      expect(clock.pending, 'timers that a stopped node has left behind').toBe(0);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/**
 * An answer that connects to Bob, by `trunks` in order, for `limit` seconds, recorded to `record`. With
 * `masking_play_a` in `more` that file is played to the caller before.
 */
export function connectToBob(
  trunks: readonly string[] = ['carrier-a'],
  more: Readonly<Record<string, string>> = {},
  { perLeg = 'leg_timeout=5', limit = 3600, record = '' } = {},
): Record<string, string> {
  const shared = [
    `masking_number=${DID}`,
    'masking_leg=b',
    `origination_caller_id_number=${DID}`,
    `origination_caller_id_name=${DID}`,
    `origination_callee_id_number=${DID}`,
    'origination_privacy=screen',
    'sip_copy_custom_headers=false',
    'exclude_outgoing_extra_header=^sip_h_',
    'ignore_early_media=ring_ready',
    'fail_on_single_reject=!NORMAL_TEMPORARY_FAILURE:RECOVERY_ON_TIMER_EXPIRE:INVALID_GATEWAY',
    'originate_timeout=140',
  ].join(',');
  const legs = trunks.map((trunk) => `[masking_trunk=${trunk},${perLeg}]sofia/gateway/${trunk}/${BOB}`);
  const ofCaller = callerVariables(
    { record, callTimeLimit: limit },
    { uuid: UUID, dialled: DID, keeps: 'nothing' },
  );
  const isPlayed = 'masking_play_a' in more;
  return {
    masking_number: DID,
    masking_leg: 'a',
    api_hangup_hook: '',
    ...Object.fromEntries(ofCaller.map(([name, value]) => [name, value.replace(UUID, '${uuid}')])),
    masking_record: record,
    [isPlayed ? 'masking_dial_then' : 'masking_dial']: `{${shared}}${legs.join('|')}`,
    ...more,
    masking_next: isPlayed ? 'connect' : 'not-reached',
  };
}
