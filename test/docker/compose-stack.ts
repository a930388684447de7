import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DockerComposeEnvironment, Wait, type StartedDockerComposeEnvironment } from 'testcontainers';
import { freeUdpPort } from '../e2e/helpers/sipp.js';
import { freeTcpPort } from '../helpers/ports.js';

const ROOT = new URL('../../', import.meta.url).pathname;
/** Milliseconds from the first container to the last healthy one. */
const START_LIMIT = 180_000;

const SERVICES = ['redis', 'freeswitch', 'controller'] as const;
export type Service = (typeof SERVICES)[number];

const run = promisify(execFile);
const secret = (): string => randomBytes(20).toString('hex');

/** Why Docker cannot be used here, or null. */
export async function dockerProblem(): Promise<string | null> {
  for (const args of [['info'], ['compose', 'version']]) {
    try {
      await run('docker', args);
    } catch {
      return `\`docker ${args.join(' ')}\` fails: these tests need a Docker engine that answers, with compose v2`;
    }
  }
  return null;
}

/** docker-compose.yml on spare ports of loopback, with volumes of its own. */
export class ComposeStack {
  readonly #environment: StartedDockerComposeEnvironment;
  readonly #settings: Readonly<Record<string, string>>;

  private constructor(
    environment: StartedDockerComposeEnvironment,
    settings: Readonly<Record<string, string>>,
  ) {
    this.#environment = environment;
    this.#settings = settings;
  }

  /**
   * Builds the images, unless FREESWITCH_IMAGE and CONTROLLER_IMAGE name some, and resolves once every
   * service is healthy. `settings` are variables of docs/docker.md.
   */
  static async up(folder: string, settings: Readonly<Record<string, string>>): Promise<ComposeStack> {
    const all: Record<string, string> = {
      HOST_IP: '127.0.0.1',
      HTTP_PORT: String(await freeTcpPort()),
      REDIS_PORT: String(await freeTcpPort()),
      EVENT_SOCKET_PORT: String(await freeTcpPort()),
      QUESTION_PORT: String(await freeTcpPort()),
      CDR_PORT: String(await freeTcpPort()),
      SIP_TRUNK_PORT: String(await freeUdpPort()),
      SOFTPHONE_PORT: String(await freeUdpPort()),
      AUTH_ID: 'MADOCKERTEST00000001',
      AUTH_TOKEN: secret(),
      DATA_KEYS: randomBytes(32).toString('base64'),
      FREESWITCH_PASSWORD: secret(),
      QUESTION_SECRET: secret(),
      REDIS_PASSWORD: secret(),
      ...settings,
    };
    // A file of its own, so that a .env in the checkout has no say.
    const file = join(folder, 'stack.env');
    await writeFile(file, '', { mode: 0o600 });
    const environment = new DockerComposeEnvironment(ROOT, 'docker-compose.yml')
      .withEnvironmentFile(file)
      .withEnvironment(all)
      .withStartupTimeout(START_LIMIT);
    for (const service of SERVICES) environment.withWaitStrategy(`${service}-1`, Wait.forHealthCheck());
    const given = ['FREESWITCH_IMAGE', 'CONTROLLER_IMAGE'].every((name) => (process.env[name] ?? '') !== '');
    if (!given) environment.withBuild();
    return new ComposeStack(await environment.up(), all);
  }

  setting(name: string): string {
    const value = this.#settings[name];
    if (value === undefined) throw new Error(`${name} is not set`);
    return value;
  }

  /** What the API answers at `path` below the account. */
  async api(path: string, body?: object): Promise<{ status: number; body: Record<string, unknown> }> {
    const account = this.setting('AUTH_ID');
    const authorization = Buffer.from(`${account}:${this.setting('AUTH_TOKEN')}`).toString('base64');
    const response = await fetch(
      `http://127.0.0.1:${this.setting('HTTP_PORT')}/v1/Account/${account}/${path}`,
      {
        headers: { authorization: `Basic ${authorization}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      },
    );
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** Runs a command as the service's own user. Throws when it fails. */
  async exec(service: Service, command: string[]): Promise<string> {
    const { exitCode, output } = await this.#environment.getContainer(`${service}-1`).exec(command);
    if (exitCode !== 0) throw new Error(`${service}: ${command.join(' ')} ended with ${exitCode}: ${output}`);
    return output.trim();
  }

  /** Stops the service, as an operator would, starts it and waits until it is healthy. */
  async restart(service: Service): Promise<void> {
    await this.#environment.getContainer(`${service}-1`).restart();
  }

  /** Removes containers and volumes. */
  async down(): Promise<void> {
    await this.#environment.down({ removeVolumes: true });
  }
}
