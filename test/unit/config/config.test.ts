import { describe, expect, it } from 'vitest';

import { ConfigError, configProblems, loadConfig } from '../../../src/config.js';
import { NO_LIMITS } from '../../../src/masking/call-limits.js';
import { LOW_RISK_COUNTRIES } from '../../../src/masking/destinations.js';

const KEY_A = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7)).toString('base64');
const KEY_B = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 5 + 1)).toString('base64');

const ENV = {
  AUTH_ID: 'MAABCDEFGHIJKLMNOPQR',
  AUTH_TOKEN: 'k3yW0rd-of-the-account',
  FREESWITCH_PASSWORD: 'ev3nt-s0cket-k3y-1234',
  QUESTION_SECRET: 'qu3sti0n-s3cret-7890',
  TRUNKS: 'carrier-a,carrier_b',
  DATA_KEYS: KEY_A,
};

function failure(env: Record<string, string | undefined>, readFile?: (path: string) => string): ConfigError {
  try {
    loadConfig(env, readFile);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('loadConfig', () => {
  it('fills every default in', () => {
    expect(loadConfig(ENV)).toEqual({
      http: {
        host: '0.0.0.0',
        port: 8080,
        publicUrl: 'http://localhost:8080',
        limits: { perCredential: 0, anonymous: 300, wrongTokens: 10, connections: 2_000, trustedProxies: [] },
        metricsAllow: [],
      },
      account: { id: ENV.AUTH_ID, token: ENV.AUTH_TOKEN },
      redisUrl: 'redis://127.0.0.1:6379',
      freeswitch: { nodes: [{ host: '127.0.0.1', port: 8021 }], password: ENV.FREESWITCH_PASSWORD },
      questions: {
        host: '127.0.0.1',
        port: 8084,
        secret: ENV.QUESTION_SECRET,
        allow: ['127.0.0.0/8', '::1/128'],
      },
      cdrPort: 8085,
      trunks: ['carrier-a', 'carrier_b'],
      virtualNumbers: [],
      folders: {
        recordings: '/var/lib/maskline/recordings',
        prompts: '/var/lib/maskline/prompts',
        cdr: '/var/lib/maskline/cdr',
      },
      prompts: {
        allowAddresses: [],
        fetchTimeout: 15_000,
        refreshAfter: 3_600_000,
        maxFolderBytes: 1_073_741_824,
      },
      recordings: {
        retentionDays: 90,
        diskFloor: 1_073_741_824,
        makeRoom: false,
        urlLifetime: 86_400,
        bucket: null,
      },
      callbacks: {
        allowAddresses: [],
        retries: 1,
        retryOn: ['ct', 'rt'],
        retryDelays: [5_000, 30_000, 120_000, 600_000, 1_800_000],
        concurrency: 256,
        receiverConcurrency: 32,
      },
      browserPhones: null,
      dataKeys: [KEY_A],
      defaultCountry: '',
      destinations: {
        countries: new Set(LOW_RISK_COUNTRIES),
        home: true,
        blockedPrefixes: [],
        allowedPrefixes: [],
      },
      callLimits: {
        ...NO_LIMITS,
        MAX_CALLS_PER_NUMBER: 500,
        MAX_CALLS_PER_SUBACCOUNT: 200,
        CALL_RATE_PER_SESSION: 2,
        CALL_RATE_PER_NUMBER: 100,
        CALL_RATE_PER_SUBACCOUNT: 50,
      },
      maxSessionExpiry: 86_400,
      sessionRetention: 90 * 86_400_000,
      tariff: { callRate: 0, increment: 1, minimum: 0, sessionFee: 0 },
      audit: { retention: 365 * 86_400_000, mostPerDay: 1_000_000 },
      sessionEndHangsUp: false,
      traceRetention: 604_800_000,
      console: true,
      pinGuard: {
        guessRisk: 0.005,
        overallRisk: 0.05,
        callerFree: 3,
        callerLimit: 20,
        remember: 30 * 86_400_000,
      },
      localRoutes: { most: 0, maxAge: 600_000 },
      tracing: false,
      logLevel: 'info',
      watchdogLimitMs: 2_000,
      shutdownDeadline: 20,
    });
  });

  it('reads every variable', () => {
    const config = loadConfig({
      ...ENV,
      HTTP_HOST: '::',
      HTTP_PORT: '9000',
      PUBLIC_URL: 'https://masking.example.com/',
      REDIS_URL: 'rediss+sentinel://user:word@s1:26379,s2/main',
      FREESWITCH_NODES: 'fs1:8021, [2001:db8::1]:8022',
      QUESTION_HOST: '10.0.0.5',
      QUESTION_PORT: '9084',
      QUESTION_ALLOW: '10.0.0.0/8,2001:db8::/32,192.0.2.7',
      RECORDINGS_DIR: '/srv/rec/',
      PROMPTS_DIR: '/srv/prompts',
      CDR_DIR: '/srv/cdr',
      DATA_KEYS: `${KEY_B}, ${KEY_A}`,
      DEFAULT_COUNTRY: 'GB',
      LOG_LEVEL: 'debug',
      PROMPT_ALLOW_ADDRESSES: '10.1.0.0/16',
      PROMPT_FETCH_TIMEOUT: '5',
      CALLBACK_ALLOW_ADDRESSES: '10.2.0.0/16',
      CALLBACK_RETRIES: '20',
      CALLBACK_RETRY_ON: 'all',
      CALLBACK_RETRY_DELAYS: '0, 86400',
      CALLBACK_CONCURRENCY: '10',
      CALLBACK_RECEIVER_CONCURRENCY: '5',
      PROMPT_REFRESH: '600',
      PROMPTS_MAX_SIZE: '50',
      RECORDING_RETENTION_DAYS: '0',
      RECORDING_DISK_FLOOR_MB: '10',
      RECORDING_WHEN_FULL: 'remove-oldest',
      RECORDING_URL_LIFETIME: '600',
      API_RATE_LIMIT: '300',
      API_ANONYMOUS_LIMIT: '0',
      API_WRONG_TOKENS: '5',
      HTTP_MAX_CONNECTIONS: '100',
      METRICS_ALLOW: '10.9.0.7',
      TRUSTED_PROXIES: '10.3.0.0/16, ::1',
      AUDIT_RETENTION_DAYS: '30',
      AUDIT_MOST_PER_DAY: '5000',
      SESSION_RETENTION_DAYS: '30',
      SESSION_END_HANGS_UP: 'true',
      PIN_GUESS_RISK: '0.01',
      PIN_GUESS_RISK_OVERALL: '1',
      PIN_CALLER_FREE: '0',
      PIN_CALLER_LIMIT: '10',
      PIN_REMEMBER_DAYS: '7',
      BILLING_CALL_RATE: '0.0085',
      BILLING_INCREMENT_SECONDS: '60',
      BILLING_MINIMUM_SECONDS: '30',
      BILLING_SESSION_FEE: '1',
      SESSION_EXPIRY_MAX: '604800',
      SHUTDOWN_DEADLINE: '60',
      WATCHDOG_LIMIT_MS: '0',
    });
    expect(config).toMatchObject({
      http: {
        host: '::',
        port: 9000,
        publicUrl: 'https://masking.example.com',
        limits: {
          perCredential: 300,
          anonymous: 0,
          wrongTokens: 5,
          connections: 100,
          trustedProxies: ['10.3.0.0/16', '::1'],
        },
        metricsAllow: ['10.9.0.7'],
      },
      redisUrl: 'rediss+sentinel://user:word@s1:26379,s2/main',
      freeswitch: {
        nodes: [
          { host: 'fs1', port: 8021 },
          { host: '2001:db8::1', port: 8022 },
        ],
      },
      questions: { host: '10.0.0.5', port: 9084, allow: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'] },
      folders: { recordings: '/srv/rec', prompts: '/srv/prompts', cdr: '/srv/cdr' },
      prompts: {
        allowAddresses: ['10.1.0.0/16'],
        fetchTimeout: 5_000,
        refreshAfter: 600_000,
        maxFolderBytes: 52_428_800,
      },
      callbacks: {
        allowAddresses: ['10.2.0.0/16'],
        retries: 20,
        retryOn: ['ct', 'rt', '4xx', '5xx', 'other'],
        retryDelays: [0, 86_400_000],
        concurrency: 10,
        receiverConcurrency: 5,
      },
      recordings: { retentionDays: 0, diskFloor: 10_485_760, makeRoom: true, urlLifetime: 600 },
      dataKeys: [KEY_B, KEY_A],
      defaultCountry: 'GB',
      logLevel: 'debug',
      sessionRetention: 30 * 86_400_000,
      sessionEndHangsUp: true,
      pinGuard: {
        guessRisk: 0.01,
        overallRisk: 1,
        callerFree: 0,
        callerLimit: 10,
        remember: 7 * 86_400_000,
      },
      tariff: { callRate: 8_500, increment: 60, minimum: 30, sessionFee: 1 },
      maxSessionExpiry: 604_800,
      audit: { retention: 30 * 86_400_000, mostPerDay: 5_000 },
      watchdogLimitMs: 0,
      shutdownDeadline: 60,
    });
  });

  it('takes an empty value as not given', () => {
    expect(loadConfig({ ...ENV, HTTP_PORT: '', LOG_LEVEL: ' ' }).http.port).toBe(8080);
    expect(failure({ ...ENV, AUTH_TOKEN: '' }).message).toMatch(/^AUTH_TOKEN is not set/);
  });

  it('puts PUBLIC_URL on the port in use when it is not given', () => {
    expect(loadConfig({ ...ENV, HTTP_PORT: '8123' }).http.publicUrl).toBe('http://localhost:8123');
  });

  it.each(['AUTH_ID', 'AUTH_TOKEN', 'FREESWITCH_PASSWORD', 'QUESTION_SECRET', 'TRUNKS', 'DATA_KEYS'])(
    'demands %s',
    (name) => {
      const error = failure({ ...ENV, [name]: undefined });
      expect(error.code).toBe('ERR_CONFIG');
      expect(error.message).toMatch(new RegExp(`^${name} is not set: set it to `));
    },
  );

  it.each([
    ['HTTP_HOST', 'a b'],
    ['HTTP_HOST', '-x'],
    ['SESSION_RETENTION_DAYS', '0'],
    ['SESSION_END_HANGS_UP', 'yes'],
    ['BILLING_CALL_RATE', '0.0000001'],
    ['BILLING_CALL_RATE', '1000.1'],
    ['BILLING_CALL_RATE', '-1'],
    ['BILLING_INCREMENT_SECONDS', '0'],
    ['PIN_GUESS_RISK', '1.1'],
    ['PIN_GUESS_RISK', '.5'],
    ['PIN_GUESS_RISK_OVERALL', '5%'],
    ['PIN_CALLER_LIMIT', '0'],
    ['PIN_REMEMBER_DAYS', '366'],
    ['BILLING_SESSION_FEE', '0.5'],
    ['HTTP_PORT', '0'],
    ['HTTP_PORT', '65536'],
    ['HTTP_PORT', '8080x'],
    ['HTTP_PORT', '80.5'],
    ['PUBLIC_URL', 'masking.example.com'],
    ['PUBLIC_URL', 'ftp://masking.example.com'],
    ['PUBLIC_URL', 'https://user:word@masking.example.com'],
    ['PUBLIC_URL', 'https://masking.example.com/?a=b'],
    ['AUTH_ID', 'MA123'],
    ['AUTH_ID', 'XXABCDEFGHIJKLMNOPQR'],
    ['AUTH_ID', 'MAABCDEFGHIJKLMNOPQRS'],
    ['AUTH_ID', 'MAabcdefghijklmnopqr'],
    ['AUTH_TOKEN', 'fifteen-chars-x'],
    ['AUTH_TOKEN', 'ClueCon'],
    ['AUTH_TOKEN', 'changeme'],
    ['AUTH_TOKEN', 'change-me-change-me-now'],
    ['AUTH_TOKEN', 'aaaaaaaaaaaaaaaaaaaaaaaa'],
    ['AUTH_TOKEN', 'x3kd8fj2lq0vn4bz"<&'],
    ['FREESWITCH_PASSWORD', 'ClueCon'],
    ['FREESWITCH_PASSWORD', 'ClueCon-ClueCon-1234'],
    ['FREESWITCH_PASSWORD', 'x3kd8fj2lq0vn4bz\nauth'],
    ['QUESTION_SECRET', 'short'],
    ['QUESTION_SECRET', 'x3kd8fj2lq0v${caller}'],
    ['REDIS_URL', 'http://127.0.0.1'],
    ['REDIS_URL', 'redis://a,b'],
    ['FREESWITCH_NODES', 'fs1'],
    ['FREESWITCH_NODES', 'fs1:99999'],
    ['FREESWITCH_NODES', 'fs1:8021,fs1:8021'],
    ['FREESWITCH_NODES', ','],
    ['QUESTION_PORT', '-1'],
    ['QUESTION_ALLOW', '10.0.0.0/33'],
    ['QUESTION_ALLOW', 'fs1'],
    ['TRUNKS', 'a b'],
    ['TRUNKS', 'a}b'],
    ['TRUNKS', 'a,a'],
    ['RECORDINGS_DIR', 'relative'],
    ['PROMPTS_DIR', '/srv/pro mpts'],
    ['CDR_DIR', '/srv/../etc'],
    ['DATA_KEYS', 'AAAA'],
    ['DATA_KEYS', Buffer.alloc(32).toString('base64')],
    ['DATA_KEYS', `${KEY_A},${KEY_A}`],
    ['DATA_KEYS', `${KEY_A},${KEY_B.slice(1)}`],
    ['DEFAULT_COUNTRY', 'gb'],
    ['DEFAULT_COUNTRY', 'XX'],
    ['LOG_LEVEL', 'loud'],
    ['LOG_LEVEL', 'constructor'],
    ['PROMPT_ALLOW_ADDRESSES', 'localhost'],
    ['PROMPT_FETCH_TIMEOUT', '0'],
    ['CALLBACK_ALLOW_ADDRESSES', 'localhost'],
    ['CALLBACK_RETRIES', '21'],
    ['CALLBACK_RETRY_ON', 'ct,often'],
    ['CALLBACK_RETRY_ON', ','],
    ['CALLBACK_RETRY_DELAYS', '5,,x'],
    ['CALLBACK_RETRY_DELAYS', '86401'],
    ['CALLBACK_CONCURRENCY', '0'],
    ['CALLBACK_RECEIVER_CONCURRENCY', '1001'],
    ['API_RATE_LIMIT', '-5'],
    ['API_ANONYMOUS_LIMIT', 'x'],
    ['API_WRONG_TOKENS', '10001'],
    ['HTTP_MAX_CONNECTIONS', '-1'],
    ['TRUSTED_PROXIES', 'proxy'],
    ['AUDIT_RETENTION_DAYS', '0'],
    ['AUDIT_MOST_PER_DAY', '1'],
    ['SESSION_EXPIRY_MAX', '59'],
    ['SHUTDOWN_DEADLINE', '601'],
    ['WATCHDOG_LIMIT_MS', '499'],
    ['WATCHDOG_LIMIT_MS', '-1'],
    ['WATCHDOG_LIMIT_MS', '100000'],
  ])('refuses %s=%s in one line that names it', (name, value) => {
    const { message } = failure({ ...ENV, [name]: value });
    expect(message).toMatch(new RegExp(`^${name} [a-z][^\\n]*: [^\\n]+$`));
  });

  it.each([
    ['AUTH_TOKEN', 'Sup3rS3cr3t'],
    ['FREESWITCH_PASSWORD', 'ClueCon-Sup3rS3cr3t'],
    ['QUESTION_SECRET', 'Sup3rS3cr3t with spaces'],
    ['REDIS_URL', 'redis://:Sup3rS3cr3t@a,b'],
    ['DATA_KEYS', 'Sup3rS3cr3t'],
  ])('never repeats the value of %s', (name, value) => {
    const error = failure({ ...ENV, [name]: value });
    expect(`${error.message}${String(error.cause)}`).not.toContain('Sup3r');
  });

  it('reports the first of several problems', () => {
    expect(failure({ ...ENV, HTTP_PORT: 'x', AUTH_ID: 'y', LOG_LEVEL: 'z' }).message).toMatch(/^HTTP_PORT /);
  });

  it.each([
    ['warning', 'warn'],
    ['notice', 'info'],
    ['err', 'error'],
    ['crit', 'fatal'],
  ])("understands FreeSWITCH's level %s", (given, level) => {
    expect(loadConfig({ ...ENV, LOG_LEVEL: given }).logLevel).toBe(level);
  });

  describe('NAME_FILE', () => {
    const files: Record<string, string> = {
      '/run/secrets/token': 'file-t0k3n-of-account\n',
      '/run/secrets/empty': '\n',
    };
    const readFile = (path: string): string => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
      return text;
    };

    it('takes a secret from a file', () => {
      const env = { ...ENV, AUTH_TOKEN: undefined, AUTH_TOKEN_FILE: '/run/secrets/token' };
      expect(loadConfig(env, readFile).account.token).toBe('file-t0k3n-of-account');
    });

    it.each(['AUTH_TOKEN', 'REDIS_URL', 'FREESWITCH_PASSWORD', 'QUESTION_SECRET', 'DATA_KEYS'])(
      'works for %s, and names it when the file cannot be read',
      (name) => {
        const env = { ...ENV, [name]: undefined, [`${name}_FILE`]: '/nowhere' };
        expect(failure(env, readFile).message).toMatch(new RegExp(`^${name}_FILE .*ENOENT`));
      },
    );

    it('refuses an empty file', () => {
      const env = { ...ENV, AUTH_TOKEN: undefined, AUTH_TOKEN_FILE: '/run/secrets/empty' };
      expect(failure(env, readFile).message).toMatch(/^AUTH_TOKEN_FILE names an empty file/);
    });

    it('refuses a variable that is given both ways', () => {
      expect(failure({ ...ENV, AUTH_TOKEN_FILE: '/run/secrets/token' }, readFile).message).toMatch(
        /^AUTH_TOKEN and AUTH_TOKEN_FILE are both set/,
      );
    });

    it('is not for values that are no secret', () => {
      expect(
        failure({ ...ENV, TRUNKS: undefined, TRUNKS_FILE: '/run/secrets/token' }, readFile).message,
      ).toMatch(/^TRUNKS is not set/);
    });
  });
});

describe('configProblems', () => {
  it('tells each variable that is wrong, then what does not fit together', () => {
    expect([...configProblems({ ...ENV, HTTP_PORT: 'x', CDR_PORT: '0' }).keys()].sort()).toEqual([
      ...['CDR_PORT', 'HTTP_PORT'],
    ]);
    const phones = { SOFTPHONES: 'true', BROWSER_PHONES_URL: 'ws://127.0.0.1:5066' };
    const [[name, line] = []] = configProblems({ ...ENV, ...phones });
    expect(name).toBe('SOFTPHONE_PASSWORD');
    expect(line).toContain('SOFTPHONE_PASSWORD');
    expect(configProblems(ENV).size).toBe(0);
  });
});
