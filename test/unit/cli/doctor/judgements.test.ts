import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { judgeClocks } from '../../../../src/cli/doctor/clocks.js';
import { judgeBucket } from '../../../../src/cli/doctor/bucket.js';
import { examineConfiguration } from '../../../../src/cli/doctor/configuration.js';
import { judgeEventSocket, judgeNames } from '../../../../src/cli/doctor/event-socket.js';
import { findingLine, type Finding } from '../../../../src/cli/doctor/findings.js';
import { judgeFolders, type FolderFacts } from '../../../../src/cli/doctor/folders.js';
import { judgeNode, LEAST_NODE } from '../../../../src/cli/doctor/host.js';
import type { NodeFacts, TrunkState } from '../../../../src/cli/doctor/node-look.js';
import { judgeNumbers } from '../../../../src/cli/doctor/numbers.js';
import { judgeAsking, judgePorts, type PortFacts } from '../../../../src/cli/doctor/ports.js';
import { judgePublicUrl } from '../../../../src/cli/doctor/public-url.js';
import type { RedisFacts } from '../../../../src/cli/doctor/redis-look.js';
import { judgeRedis } from '../../../../src/cli/doctor/redis.js';
import { judgeSipPort, judgeTrunks, trunksOf } from '../../../../src/cli/doctor/trunks.js';

const SECRET = 'q'.repeat(8) + 'abcdefgh123';
const VARIABLES = {
  AUTH_ID: 'MATESTTESTTESTTEST00',
  AUTH_TOKEN: 'auth-0123456789abcdefgh',
  FREESWITCH_PASSWORD: 'esl-0123456789abcdefgh',
  QUESTION_SECRET: SECRET,
  TRUNKS: 'acme',
  DATA_KEYS: Buffer.from(Array.from({ length: 32 }, (_, at) => at)).toString('base64'),
};
const { config } = examineConfiguration({ variables: VARIABLES, file: null });
const ALL_FINE: ReadonlySet<string> = new Set();

function node(more: Partial<NodeFacts> = {}): NodeFacts {
  return {
    ...{ endpoint: '127.0.0.1:8021', host: '127.0.0.1', trouble: null, version: '1.10.12-release' },
    ...{
      switchname: 'node-1',
      missingModules: [],
      missingExtensions: [],
      isReady: true,
      hasSoftphones: false,
    },
    globals: {
      question_secret: SECRET,
      question_hosts_NORMAL_TEMPORARY_FAILURE: '10.0.0.1:8084',
      sound_prefix: '/sounds',
    },
    cdrs: { urls: ['http://10.0.0.1:8085/cdr'], credentials: `cdr:${SECRET}` },
    trunks: new Map([['acme', { kind: 'known', status: 'UP', state: 'NOREG', pings: true }]]),
    clock: { ahead: 0, within: 1 },
    folders: new Map(),
    missingPrompts: [],
    ...more,
  };
}

function redis(info: Record<string, string> = {}, more: Partial<RedisFacts> = {}): RedisFacts {
  const healthy = {
    ...{ role: 'master', redis_version: '7.4.1', aof_enabled: '1', aof_last_write_status: 'ok' },
    ...{ used_memory: '1000', maxmemory: '0', maxmemory_policy: 'noeviction' },
  };
  return {
    trouble: null,
    servers: [{ name: 'r:6379', info: { ...healthy, ...info }, config: { appendfsync: 'always' } }],
    clock: { ahead: 0, within: 1 },
    sealed: { seen: 0, foreign: 0 },
    numbers: [{ number: '+15550001000', enabled: true, trunk: '' }],
    ...more,
  };
}

function bad(findings: readonly Finding[]): string[] {
  return findings.filter(({ level }) => level !== 'ok').map(findingLine);
}

const PORTS: PortFacts = {
  http: 'controller',
  questions: 'controller',
  cdr: 'controller',
  secretAgrees: true,
};

describe('the doctor’s judgement', () => {
  it('has nothing to say of what is right', () => {
    const looks = [node()];
    const findings = [
      ...judgeRedis(redis(), config, ALL_FINE),
      ...looks.flatMap((each) => judgeEventSocket(each, ALL_FINE)),
      ...judgePorts(PORTS, config, ALL_FINE),
      ...looks.flatMap((each) => judgeAsking(each, config, ALL_FINE)),
      ...judgeTrunks(looks, ['acme'], ALL_FINE),
      ...judgeClocks(redis(), looks),
      ...judgeNumbers(redis(), config),
      judgePublicUrl({ behind: 'controller', isOurs: true, trouble: '' }, PORTS, config, ALL_FINE),
    ];
    expect(bad(findings)).toEqual([]);
    expect(findings.length).toBeGreaterThan(15);
  });

  it('every line that is not ok and was looked at names a cure', () => {
    const findings = [
      ...judgeRedis(
        redis({ aof_enabled: '0', role: 'slave', aof_last_write_status: 'err' }),
        config,
        ALL_FINE,
      ),
      ...judgeEventSocket(
        node({ missingModules: ['mod_shout'], missingExtensions: ['ask-last'], isReady: false }),
        ALL_FINE,
      ),
      ...judgeNumbers(redis({}, { numbers: [] }), config),
    ];
    for (const { level, cure } of findings) if (level !== 'ok') expect(cure).not.toBe('');
    expect(findings.filter(({ level }) => level === 'fail').map(({ check }) => check)).toEqual([
      'redis.reachable',
      'redis.durability',
      'redis.persistence',
      'freeswitch.modules',
      'freeswitch.dialplan',
      'freeswitch.ready',
    ]);
  });

  it('Redis: memory that is nearly full, a late disk, and what CONFIG does not tell', () => {
    const full = judgeRedis(redis({ used_memory: '95', maxmemory: '100' }), config, ALL_FINE);
    expect(bad(full)).toEqual([
      'warn  Redis memory — 95 B of 100 B are used; raise maxmemory, or lower SESSION_RETENTION_DAYS',
    ]);
    const [server] = redis().servers;
    const managed = redis({}, { servers: [{ ...server!, config: null }] });
    expect(bad(judgeRedis(managed, config, ALL_FINE))[0]).toContain('appendfsync is unknown');
    const late = redis({}, { servers: [{ ...server!, config: { appendfsync: 'no' } }] });
    expect(bad(judgeRedis(late, config, ALL_FINE))[0]).toContain('whatever the system has not written yet');
  });

  it('clocks: a second is noticed, five are trouble, and a slow answer is no skew', () => {
    const levels = [900, 1_500, -1_500, 6_000].map(
      (ahead) => judgeClocks(redis({}, { clock: { ahead, within: 5 } }), [])[0]?.level,
    );
    expect(levels).toEqual(['ok', 'warn', 'warn', 'fail']);
    expect(judgeClocks(redis({}, { clock: { ahead: 3_000, within: 3_000 } }), [])[0]?.level).toBe('ok');
    expect(judgeClocks(null, [])[0]?.cause).toBe('not checked: needs Redis');
  });

  it('trunks: not registered, not pinged, softphones, and those that only numbers name', () => {
    const of = (state: Partial<TrunkState & { kind: 'known' }>): string => {
      const trunks = new Map<string, TrunkState>([
        ['acme', { kind: 'known', status: 'UP', state: 'REGED', pings: true, ...state }],
      ]);
      return judgeTrunks([node({ trunks })], ['acme'], ALL_FINE)
        .map(findingLine)
        .join();
    };
    expect(of({ state: 'FAIL_WAIT', status: 'DOWN', pings: false })).toMatch(
      /^FAIL .*it is not registered \(FAIL_WAIT\); see username/,
    );
    expect(of({ pings: false })).toMatch(/^warn .*a dead carrier is noticed with a call; add ping/);
    expect(judgeTrunks([node()], ['softphone'], ALL_FINE)[0]?.cause).toContain('no profile for softphones');
    const numbers = [
      { number: '+1', enabled: true, trunk: 'beta' },
      { number: '+2', enabled: false, trunk: 'gamma' },
    ];
    expect(trunksOf(config, redis({}, { numbers }))).toEqual(['acme', 'beta']);
    expect(
      judgeTrunks([{ endpoint: 'e:1', host: 'e', trouble: 'ECONNREFUSED' }], ['acme'], ALL_FINE)[0]?.level,
    ).toBe('skipped');
  });

  it('ports: closed beside a running controller is wrong, and fine without one', () => {
    const closed = judgePorts({ ...PORTS, questions: 'nothing' }, config, ALL_FINE);
    expect(bad(closed)[0]).toMatch(
      /^FAIL {2}QUESTION_PORT .*closed, though the controller runs; see \/readyz/,
    );
    const before = judgePorts(
      { http: 'nothing', questions: 'nothing', cdr: 'nothing', secretAgrees: null },
      config,
      ALL_FINE,
    );
    expect(before.map(({ level }) => level)).toEqual(['ok', 'ok', 'ok', 'skipped']);
  });

  it('questions: another secret, other hosts, and a node that QUESTION_ALLOW does not name', () => {
    const other = node({
      globals: { question_secret: 'another', question_hosts_NORMAL_TEMPORARY_FAILURE: '10.0.0.1:9999' },
    });
    const lines = bad(judgeAsking({ ...other, host: '10.1.2.3' }, config, ALL_FINE));
    expect(lines[0]).toContain('go to 10.0.0.1:9999: none is port 8084; set QUESTION_HOSTS');
    expect(lines[1]).toContain('FreeSWITCH has another');
    expect(lines[2]).toContain('add 10.1.2.3 to QUESTION_ALLOW');
    expect(lines.join()).not.toContain(SECRET);
  });

  it('questions: a node that start.sh of another version started has nobody to ask', () => {
    const [asks] = bad(judgeAsking(node({ globals: { question_secret: SECRET } }), config, ALL_FINE));
    expect(asks).toContain('go to nobody: it was started by a freeswitch/start.sh of another version');
  });

  it('folders: too full, another disk, and one that FreeSWITCH cannot write', () => {
    const folder = (more: Partial<FolderFacts>): FolderFacts => ({
      ...{ variable: 'RECORDINGS_DIR', path: '/r', exists: true, refusal: null, free: 10 * 1_073_741_824 },
      ...more,
    });
    const judged = (
      facts: FolderFacts,
      seen?: { view: 'writable' | 'read-only'; shared: boolean },
    ): string[] =>
      bad(
        judgeFolders(
          [facts],
          seen === undefined ? [] : [node({ folders: new Map([['/r', seen]]) })],
          config,
          ALL_FINE,
        ),
      );
    expect(judged(folder({ free: 1_048_576 }))[0]).toContain(
      'below the floor of 1.0 GiB: new calls are not recorded',
    );
    expect(judged(folder({}), { view: 'writable', shared: false })[0]).toContain(
      'it sees another disk there',
    );
    expect(judged(folder({}), { view: 'read-only', shared: true })[0]).toContain(
      'FreeSWITCH may not write there: nothing is recorded',
    );
    expect(judged(folder({}), { view: 'writable', shared: true })).toEqual([]);
    expect(judged(folder({ exists: false, refusal: 'EACCES' }))[0]).toContain(
      'it is not there, and cannot be made',
    );
  });

  it('the bucket: what it refuses, and what a deletion leaves there', () => {
    const at = (endpoint: string): typeof config =>
      examineConfiguration({
        variables: {
          ...{ ...VARIABLES, RECORDING_S3_BUCKET: 'calls', RECORDING_S3_ENDPOINT: endpoint },
          ...{ RECORDING_S3_ACCESS_KEY: 'AKIA', RECORDING_S3_SECRET_KEY: 'kept/secret' },
        },
        file: null,
      }).config;
    const judged = (
      trouble: string | null,
      step: 'write' | 'read' | 'delete' = 'write',
      more: { endpoint?: string; keepsVersions?: boolean } = {},
    ): string[] =>
      bad(
        judgeBucket(
          { step, trouble, keepsVersions: more.keepsVersions ?? false },
          at(more.endpoint ?? 'https://s3.example.com'),
          ALL_FINE,
        ),
      );
    expect(judged(null, 'delete')).toEqual([]);
    expect(judged('NoSuchBucket')).toEqual([
      'FAIL  bucket for recordings — calls at https://s3.example.com: there is no such bucket; recordings wait in RECORDINGS_DIR; create it, or correct RECORDING_S3_BUCKET',
    ]);
    expect(judged('SignatureDoesNotMatch')[0]).toContain('correct RECORDING_S3_SECRET_KEY');
    expect(judged('AccessDenied', 'delete')[0]).toContain('may not delete objects');
    expect(judged('AccessDenied', 'delete')[0]).toContain('allow them s3:DeleteObject');
    expect(judged('SELF_SIGNED_CERT_IN_CHAIN')[0]).toContain('NODE_EXTRA_CA_CERTS');
    expect(judged('SlowDown')[0]).toContain('it says SlowDown when we write');
    expect(judged(null, 'delete', { keepsVersions: true })[0]).toContain(
      'what is deleted or erased stays there',
    );
    expect(judged(null, 'delete', { endpoint: 'http://s3.example.com' })[0]).toContain('unencrypted');
    expect(judged(null, 'delete', { endpoint: 'http://127.0.0.1:9000' })).toEqual([]);
    expect(judgeBucket(null, config, ALL_FINE)).toEqual([]);
  });

  it('the bucket, with variables that do not fit together, or beside others that are wrong', () => {
    const look = (changes: Record<string, string>) =>
      examineConfiguration({
        variables: {
          ...{ ...VARIABLES, RECORDING_S3_BUCKET: 'calls', RECORDING_S3_ENDPOINT: 'https://s3.example.com' },
          ...{ RECORDING_S3_ACCESS_KEY: 'AKIA', RECORDING_S3_SECRET_KEY: 'kept/secret', ...changes },
        },
        file: null,
      });
    const unfit = look({ RECORDING_S3_SECRET_KEY: '' });
    expect(bad(unfit.findings)[0]).toContain('RECORDING_S3_SECRET_KEY — is not set');
    expect(judgeBucket(null, unfit.config, unfit.unusable)).toMatchObject([{ level: 'skipped' }]);
    expect(look({ TRUNKS: 'a b' }).config.recordings.bucket?.name).toBe('calls');
    expect(look({ TRUNKS: 'a b', RECORDING_S3_SECRET_KEY: '' }).config.recordings.bucket).toBeNull();
  });

  it('names: two nodes of one name', () => {
    const twins = [node({ endpoint: 'a:1' }), node({ endpoint: 'b:1' })];
    expect(bad(judgeNames(twins))[0]).toBe(
      'FAIL  FreeSWITCH names — used twice: node-1 (a:1, b:1); give each FreeSWITCH a NODE_NAME of its own',
    );
    expect(bad(judgeNames([twins[0]!, node({ switchname: 'node-2' })]))).toEqual([]);
  });

  it('the SIP port: silent, or at another host', () => {
    expect(judgeSipPort(node(), { where: '127.0.0.1:5080', status: null }).level).toBe('fail');
    expect(judgeSipPort(node(), null).cause).toContain(
      'not checked: needs to run on the host of that FreeSWITCH',
    );
  });

  it('Node.js: as package.json wants it', () => {
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
    expect(engines.node).toBe(`>=${LEAST_NODE}`);
    expect(['18.20.1', '20.18.3', '20.19.0', '22.0.0'].map((version) => judgeNode(version).level)).toEqual([
      'fail',
      'fail',
      'ok',
      'ok',
    ]);
  });

  it('the configuration: all problems by their names, none of the values', () => {
    const variables = {
      ...VARIABLES,
      AUTH_TOKEN: 'changeme-changeme-changeme',
      HTTP_PORT: '0',
      TRUNKS: '',
      REDIS_URL: 'mysql://u:hunter2@h',
    };
    const { findings, unusable, config: usable } = examineConfiguration({ variables, file: null });
    expect([...unusable].sort()).toEqual(['AUTH_TOKEN', 'HTTP_PORT', 'REDIS_URL', 'TRUNKS']);
    const text = findings.map(findingLine).join('\n');
    expect(text).not.toMatch(/hunter2|changeme/);
    expect(findings.every(({ level, cure }) => level === 'fail' && cure !== '')).toBe(true);
    expect(usable.questions.secret).toBe(SECRET);
  });
});
