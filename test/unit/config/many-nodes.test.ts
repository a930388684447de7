import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

import { loadForwarderConfig } from '../../../src/config-forwarder.js';
import { loadConfig, type Config } from '../../../src/config.js';
import { placeIdleFreeSwitch, runStartScript } from '../../helpers/start-script.js';

const ROOT = new URL('../../../', import.meta.url).pathname;

type Environment = Readonly<Record<string, string>>;

/** What one process of a layout is started with. */
interface Started {
  readonly controllers: readonly Environment[];
  readonly nodes: readonly Environment[];
  readonly forwarder: Environment;
}

const SECRETS: Environment = {
  AUTH_TOKEN: randomBytes(24).toString('base64url'),
  DATA_KEYS: randomBytes(32).toString('base64'),
  FREESWITCH_PASSWORD: randomBytes(24).toString('base64url'),
  QUESTION_SECRET: randomBytes(24).toString('base64url'),
};

const text = (file: string): Promise<string> => readFile(join(ROOT, file), 'utf8');

/** As Compose does it; throws where a variable that has to be there is not. */
function interpolated(value: string, given: Environment): string {
  return value.replace(/\$\{(\w+)(?::([?-])([^}]*))?\}/g, (_, name: string, kind?: string, rest = '') => {
    const found = given[name] ?? '';
    if (found === '' && kind === '?') throw new Error(`${name} ${String(rest)}`);
    return found === '' && kind === '-' ? String(rest) : found;
  });
}

async function ofCompose(): Promise<Started> {
  const { services } = parse(await text('operations/many-nodes/compose.yml'), { merge: true }) as {
    services: Record<string, { environment: Environment; image: string; volumes: string[] }>;
  };
  const lines = (await text('operations/many-nodes/env.example'))
    .split('\n')
    .filter((line) => /^\w+=/.test(line));
  const example = Object.fromEntries(
    lines.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
  const given = { ...example, ...SECRETS };
  const environmentOf = (name: string, host: Environment = {}): Environment => {
    const { environment = {}, image = '', volumes = [] } = services[name] ?? {};
    for (const each of [image, ...volumes]) interpolated(each, given);
    return Object.fromEntries(
      Object.entries(environment).map(([key, value]) => [key, interpolated(value, { ...given, ...host })]),
    );
  };
  const hosts = (list = ''): string[] => list.split(/[|,]/).map((each) => each.replace(/:\d+$/, ''));
  return {
    controllers: hosts(given['QUESTION_HOSTS']).map((HOST_IP) => environmentOf('controller', { HOST_IP })),
    nodes: hosts(given['FREESWITCH_NODES']).map((HOST_IP, n) =>
      // env.example: these three are each host's own.
      environmentOf('freeswitch', { HOST_IP, NODE_NAME: `node-${n}`, FIRST_HOST: String(n) }),
    ),
    forwarder: environmentOf('forward-cdrs'),
  };
}

interface Container {
  readonly name: string;
  readonly envFrom?: readonly unknown[];
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: {
      readonly fieldRef?: { readonly fieldPath: string };
      readonly configMapKeyRef?: { readonly key: string };
      readonly secretKeyRef?: { readonly key: string };
    };
  }[];
}

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Environment;
  readonly spec: {
    readonly replicas: number;
    readonly serviceName: string;
    readonly template: { readonly spec: { readonly containers: readonly Container[] } };
  };
}

async function ofKubernetes(): Promise<Started> {
  const resources = parseAllDocuments(await text('operations/kubernetes/maskline.yaml')).map(
    (document) => document.toJS() as Resource,
  );
  const settings = resources.find(({ kind }) => kind === 'ConfigMap')?.data ?? {};
  // What docs/scaling.md has one put into the secret.
  const secret: Environment = {
    ...SECRETS,
    REDIS_URL: 'redis+cluster://:password@redis-0:6379,redis-1:6379',
  };
  const setOf = (name: string): Resource => {
    const found = resources.find(({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === name);
    if (found === undefined) throw new Error(`there is no StatefulSet ${name}`);
    expect(
      resources.some(({ kind, metadata }) => kind === 'Service' && metadata.name === found.spec.serviceName),
    ).toBe(true);
    return found;
  };
  const environmentOf = (set: Resource, container: string, ordinal: number): Environment => {
    const found = set.spec.template.spec.containers.find(({ name }) => name === container);
    const environment: Record<string, string> =
      found?.envFrom === undefined ? {} : { ...settings, ...secret };
    for (const { name, value, valueFrom } of found?.env ?? []) {
      const { fieldRef, configMapKeyRef, secretKeyRef } = valueFrom ?? {};
      const fields: Environment = {
        'metadata.name': `${set.metadata.name}-${ordinal}`,
        'status.hostIP': `10.0.0.1${ordinal}`,
      };
      const told =
        value?.replace(/\$\((\w+)\)/g, (_, other: string) => environment[other] ?? '') ??
        settings[configMapKeyRef?.key ?? ''] ??
        secret[secretKeyRef?.key ?? ''] ??
        fields[fieldRef?.fieldPath ?? ''];
      if (told === undefined) throw new Error(`${name} has no value`);
      environment[name] = told;
    }
    return environment;
  };
  const [controller, freeswitch] = [setOf('controller'), setOf('freeswitch')];
  const all = (set: Resource): Environment[] =>
    Array.from({ length: set.spec.replicas }, (_, n) => environmentOf(set, set.metadata.name, n));
  return {
    controllers: all(controller),
    nodes: all(freeswitch),
    forwarder: environmentOf(freeswitch, 'forward-cdrs', 0),
  };
}

describe.each([
  { layout: 'Compose on several hosts', read: ofCompose },
  { layout: 'Kubernetes', read: ofKubernetes },
])('the layout for $layout', ({ read }) => {
  let started: Started;
  let configs: Config[];
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'maskline-nodes-'));
    started = await read();
    configs = started.controllers.map((environment) => loadConfig(environment));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('has settings that every process takes, and none that it does not know', async () => {
    const known = (await Promise.all(['docs/configuration.md', 'freeswitch/README.md'].map(text))).join('\n');
    for (const environment of [...started.controllers, ...started.nodes, started.forwarder]) {
      // HOST_IP is for the other settings of the same pod.
      for (const name of Object.keys(environment).filter((each) => each !== 'HOST_IP')) {
        expect(known, name).toContain(`\`${name}\``);
      }
    }
    expect(configs.length).toBeGreaterThan(1);
    expect(loadForwarderConfig(started.forwarder).hosts).toHaveLength(configs.length);
  });

  it('leads each controller to every node, and each node to every controller', () => {
    for (const { nodes, questions, cdrPort } of configs.map((config) => ({
      ...config,
      nodes: config.freeswitch.nodes,
    }))) {
      expect(nodes).toHaveLength(started.nodes.length);
      for (const node of started.nodes) {
        expect(node['QUESTION_HOSTS']?.split('|')).toHaveLength(configs.length);
        expect(node['QUESTION_HOSTS']).toMatch(new RegExp(`:${questions.port}(\\||$)`));
        expect(node['CDR_HOSTS']).toMatch(new RegExp(`:${cdrPort}(\\||$)`));
      }
    }
    expect(new Set(started.nodes.map((node) => node['NODE_NAME'])).size).toBe(started.nodes.length);
  });

  it('starts FreeSWITCH, on an address that its health check and the controllers reach, each with another controller first', async () => {
    await placeIdleFreeSwitch(folder);
    const first = new Set<string | undefined>();
    for (const environment of started.nodes) {
      const run = join(folder, environment['NODE_NAME'] ?? '');
      await runStartScript(folder, {
        ...environment,
        // Of this machine.
        ...{ RUN_DIR: run, CDR_DIR: join(run, 'cdr'), RECORDINGS_DIR: join(run, 'recordings') },
        ...{ PROMPTS_DIR: join(run, 'prompts'), TRUNKS_DIR: join(ROOT, 'freeswitch/trunks') },
      });
      const rendered = await readFile(join(run, 'conf', 'vars.xml'), 'utf8');
      expect(rendered).toContain(environment['EVENT_SOCKET_IP']);
      first.add(/question_hosts_NORMAL_TEMPORARY_FAILURE=([^|"]+)/.exec(rendered)?.[1]);
    }
    expect(first.size).toBe(Math.min(started.nodes.length, configs.length));
  });
});
