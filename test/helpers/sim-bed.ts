import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SimulatedFreeSwitch } from '../../sandbox/simulated-freeswitch.js';
import type { Interaction } from '../../src/masking/interaction.js';
import type {
  CalleeBehaviour,
  CallOutcome,
  CallPlan,
  CallerStep,
  InviteSeen,
  TestBed,
} from '../scenarios/bed.js';
import { audioOf } from './audio-length.js';
import { BaseLane } from './base-lane.js';
import { Stack, type Storage } from './stack.js';
import { StoreView } from './store-view.js';

const ROOT = new URL('../../', import.meta.url).pathname;
const SPARE_TRUNK = 'spare';

/** The simulated FreeSWITCH and its phones, real controllers and a real Redis. */
export class SimBed implements TestBed {
  readonly kind = 'simulated';
  #nextLane = 0;

  private constructor(
    readonly stack: Stack,
    readonly store: StoreView,
    readonly freeswitch: SimulatedFreeSwitch,
  ) {}

  /**
   * `environment`, `proxied` and `storage`: see StackOptions. `cdrs`: false for a node whose CDRs are lost. `dialplanFile`: when
   * the node has another one than ours.
   */
  static async start(options: {
    controllers: number;
    environment?: Readonly<Record<string, string>>;
    proxied?: boolean;
    storage?: Storage;
    cdrs?: boolean;
    dialplanFile?: string;
  }): Promise<SimBed> {
    const stack = await Stack.prepare({ ...options, trunks: [SPARE_TRUNK] });
    const freeswitch = new SimulatedFreeSwitch({
      dialplanFile: options.dialplanFile ?? join(ROOT, 'dialplan/masking.xml'),
      soundsDir: join(ROOT, 'freeswitch/sounds/en'),
      questionHosts: stack.questionHosts.split('|'),
      questionSecret: stack.questionSecret,
      eventSocketPort: stack.eventSocketPort,
      password: stack.eventSocketPassword,
      switchname: 'node-under-test',
      cdrDir: options.cdrs === false ? '' : stack.cdrDir,
      cdrHosts: options.cdrs === false ? [] : stack.cdrHosts.split('|'),
      trunks: { [SPARE_TRUNK]: 'up' },
    });
    await freeswitch.start();
    await stack.startControllers();
    return new SimBed(stack, StoreView.of(stack), freeswitch);
  }

  async lane(): Promise<SimLane> {
    const lane = new SimLane(this, this.#nextLane);
    this.#nextLane += 1;
    await lane.addNumber();
    return lane;
  }

  async killController(index: number): Promise<void> {
    await this.stack.controllers[index]?.end('SIGKILL');
  }

  async startController(index: number): Promise<void> {
    await this.stack.controllers[index]?.start();
  }

  async close(): Promise<void> {
    await this.freeswitch.stop();
    await this.store.close();
    await this.stack.close();
  }
}

class SimLane extends BaseLane {
  readonly #bed: SimBed;
  readonly #told = new Map<string, CalleeBehaviour>();

  constructor(bed: SimBed, index: number) {
    super(bed.stack, bed.store, `lane${index}`, index);
    this.#bed = bed;
    bed.freeswitch.phones.setTrunk(this.trunk, 'up');
  }

  callee(number: string, behaviour: CalleeBehaviour): Promise<void> {
    this.#told.set(number, behaviour);
    this.#bed.freeswitch.phones.behave(number, behaviour);
    return Promise.resolve();
  }

  trunkIs(state: 'up' | 'refusing' | 'unreachable'): Promise<void> {
    const states = { up: 'up', refusing: 'down', unreachable: 'silent' } as const;
    this.#bed.freeswitch.phones.setTrunk(this.trunk, states[state]);
    return Promise.resolve();
  }

  protected phonesReady(): Promise<void> {
    return Promise.resolve();
  }

  async call(plan: CallPlan): Promise<CallOutcome> {
    const call = this.#bed.freeswitch.place({
      from: plan.from,
      to: plan.to ?? this.did,
      ...(plan.displayName === undefined ? {} : { displayName: plan.displayName }),
      ...(plan.headers === undefined ? {} : { headers: plan.headers }),
      ...(plan.cancelAfterMs === undefined ? {} : { cancelAfterMs: plan.cancelAfterMs }),
      ...(plan.cancelAfterRingingMs === undefined ? {} : { cancelAfterRingingMs: plan.cancelAfterRingingMs }),
    });
    if (await call.answered) {
      for (const step of plan.steps ?? []) {
        if (call.isOver) break;
        await take(step, call);
      }
    }
    const end = await call.ended;
    return {
      status: end.status,
      provisional: call.provisionals,
      endedByCaller: end.by === 'caller',
      talkMs: end.talkMs,
      heard: call.heard.map(({ file }) => this.stack.audio.nameOf(file)),
      received: call.received,
    };
  }

  invites(): Promise<readonly InviteSeen[]> {
    const seen = this.#bed.freeswitch.phones
      .received()
      .filter(({ number }) => number === this.first || number === this.second)
      .map((call) => ({
        trunk: call.trunk,
        called: call.number,
        callerNumber: call.callerNumber,
        callerName: call.callerName,
        heard: call.heard.map(({ file }) => this.stack.audio.nameOf(file)),
        received: call.received,
      }));
    return Promise.resolve(seen);
  }

  recording(interaction: Interaction): Promise<{ ms: number; format: 'wav' | 'mp3' }> {
    return audioOf(join(this.stack.recordingsDir, interaction.recording));
  }
}

async function take(
  step: CallerStep,
  call: { press(keys: string): Promise<void>; hangup(): void },
): Promise<void> {
  if ('wait' in step) await sleep(step.wait);
  else if ('press' in step) await call.press(step.press);
  else call.hangup();
}
