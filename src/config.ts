import { readFileSync } from 'node:fs';
import { z } from 'zod';

import type { RequestLimits } from './api/limits.js';
import type { CallbackSettings } from './callbacks/callbacks.js';
import { BUCKET_SECRETS, BUCKET_VARIABLES, bucketOf } from './config-bucket.js';
import { failures, seconds } from './config-callbacks.js';
import { callLimitsOf, destinationRulesOf, LIMIT_VARIABLES } from './config-limits.js';
import { ConfigError } from './config-error.js';
import { chance } from './config-pins.js';
import { problemsOf, settingsOf } from './config-environment.js';
import { browserPhonesOf, SOFTPHONE_VARIABLES, type BrowserPhones } from './config-softphones.js';
import { isTracingWanted, TRACING_VARIABLES } from './config-tracing.js';
import type { Tariff } from './masking/billing.js';
import type { CallLimits } from './masking/call-limits.js';
import type { DestinationRules } from './masking/destinations.js';
import type { E164 } from './masking/phone-number.js';
import { DEFAULT_PIN_GUARD as GUARD, type PinGuardRules } from './masking/pin-guard.js';
import type { RecordingSettings } from './recordings/recording-service.js';
import * as value from './config-values.js';

export { ConfigError } from './config-error.js';
export type { NodeAddress } from './config-values.js';

/** `trace` prints everything, `silent` nothing. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** Everything that the environment decides, checked. Names and defaults: docs/configuration.md. */
export interface Config {
  readonly http: {
    readonly host: string;
    readonly port: number;
    /** Where clients reach the API, without a trailing slash. */
    readonly publicUrl: string;
    readonly limits: RequestLimits;
    /** Addresses and CIDR blocks that may see the metrics. */
    readonly metricsAllow: readonly string[];
  };
  readonly account: { readonly id: string; readonly token: string };
  readonly redisUrl: string;
  readonly freeswitch: { readonly nodes: readonly value.NodeAddress[]; readonly password: string };
  readonly questions: {
    readonly host: string;
    readonly port: number;
    readonly secret: string;
    /** Addresses and CIDR blocks that may ask. */
    readonly allow: readonly string[];
  };
  /** Where FreeSWITCH posts CDRs, at the host of the questions, with their secret and list of addresses. */
  readonly cdrPort: number;
  /** Names of the trunks, in order of preference; at least one. */
  readonly trunks: readonly string[];
  /** Virtual numbers that exist once the controller has started. */
  readonly virtualNumbers: readonly E164[];
  /** Absolute paths. */
  readonly folders: { readonly recordings: string; readonly prompts: string; readonly cdr: string };
  readonly recordings: RecordingSettings;
  readonly prompts: {
    /** CIDR blocks of private addresses that prompt URLs may point at. */
    readonly allowAddresses: readonly string[];
    /** Milliseconds that one fetch may take, from look-up to last byte. */
    readonly fetchTimeout: number;
    /** Milliseconds after which a server that set no time is asked whether its prompt changed. */
    readonly refreshAfter: number;
    /** Bytes that the prompts folder may hold. */
    readonly maxFolderBytes: number;
  };
  readonly callbacks: CallbackSettings;
  /** The phones of the page at /phones/, or null for no such page. */
  readonly browserPhones: BrowserPhones | null;
  /** Base64 of 32 bytes each, newest first. */
  readonly dataKeys: readonly string[];
  /** ISO 3166-1 alpha-2, or "" when numbers without a country code are not understood. */
  readonly defaultCountry: string;
  /** Which numbers may be called. */
  readonly destinations: DestinationRules;
  readonly callLimits: CallLimits;
  /** Calls while Redis is away. */
  readonly localRoutes: {
    /** Sessions that are remembered; 0 for none, and no such calls. */
    readonly most: number;
    /** Milliseconds. */
    readonly maxAge: number;
  };
  /** Seconds; the longest `session_expiry` that a client may ask for. */
  readonly maxSessionExpiry: number;
  /** Milliseconds that a session stays readable once it is over. */
  readonly sessionRetention: number;
  /** What calls and sessions cost. */
  readonly tariff: Tariff;
  readonly audit: {
    /** Milliseconds that an entry of the audit log is kept. */
    readonly retention: number;
    readonly mostPerDay: number;
  };
  /** An end of a session by a client hangs its call up. */
  readonly sessionEndHangsUp: boolean;
  readonly pinGuard: PinGuardRules;
  /** Whether the operator's console is served. */
  readonly console: boolean;
  /** Milliseconds that the trace of a call is kept; 0 for none at all. */
  readonly traceRetention: number;
  /** Whether OpenTelemetry traces are exported; how, its SDK reads from the environment. */
  readonly tracing: boolean;
  readonly logLevel: LogLevel;
  /** Milliseconds of silence after which this process counts as hung and is killed; 0 for never. */
  readonly watchdogLimitMs: number;
  /** Seconds that a stop may take before it is cut short. */
  readonly shutdownDeadline: number;
}

/** Variables that may also be given as NAME_FILE, the path of a file that holds the value. */
const SECRETS = [
  'AUTH_TOKEN',
  'REDIS_URL',
  'FREESWITCH_PASSWORD',
  'QUESTION_SECRET',
  'DATA_KEYS',
  'SOFTPHONE_PASSWORD',
  ...BUCKET_SECRETS,
] as const;

const LOOPBACK = '127.0.0.0/8,::1/128';

/** In the order in which problems are reported. */
const ENVIRONMENT = z.object({
  HTTP_HOST: value.host('0.0.0.0'),
  HTTP_PORT: value.port(8080),
  PUBLIC_URL: value.publicUrl(),
  AUTH_ID: value.authId(),
  AUTH_TOKEN: value.secret(),
  REDIS_URL: value.redisUrl('redis://127.0.0.1:6379'),
  FREESWITCH_NODES: value.nodes('127.0.0.1:8021'),
  FREESWITCH_PASSWORD: value.secret(),
  QUESTION_HOST: value.host('127.0.0.1'),
  QUESTION_PORT: value.port(8084),
  QUESTION_SECRET: value.secret(),
  QUESTION_ALLOW: value.networks(LOOPBACK),
  CDR_PORT: value.port(8085),
  TRUNKS: value.trunks(),
  VIRTUAL_NUMBERS: value.phoneNumbers(),
  RECORDINGS_DIR: value.folder('/var/lib/maskline/recordings'),
  PROMPTS_DIR: value.folder('/var/lib/maskline/prompts'),
  CDR_DIR: value.folder('/var/lib/maskline/cdr'),
  DATA_KEYS: value.dataKeys(),
  DEFAULT_COUNTRY: value.country(),
  LOG_LEVEL: value.logLevel('info'),
  PROMPT_ALLOW_ADDRESSES: value.networks(''),
  PROMPT_FETCH_TIMEOUT: value.integer('seconds', 1, 120, 15),
  CALLBACK_ALLOW_ADDRESSES: value.networks(''),
  CALLBACK_RETRIES: value.integer('retries', 0, 20, 1),
  CALLBACK_RETRY_ON: failures('ct,rt'),
  CALLBACK_RETRY_DELAYS: seconds('5,30,120,600,1800'),
  CALLBACK_CONCURRENCY: value.integer('attempts', 1, 5_000, 256),
  CALLBACK_RECEIVER_CONCURRENCY: value.integer('attempts', 1, 1_000, 32),
  PROMPT_REFRESH: value.integer('seconds', 60, 604_800, 3_600),
  PROMPTS_MAX_SIZE: value.integer('MiB', 10, 1_000_000, 1_024),
  RECORDING_RETENTION_DAYS: value.integer('days, 0 for ever', 0, 36_500, 90),
  RECORDING_DISK_FLOOR_MB: value.integer('MiB, 0 for none', 0, 100_000_000, 1_024),
  RECORDING_WHEN_FULL: value.oneOf(['stop', 'remove-oldest'], 'stop'),
  RECORDING_URL_LIFETIME: value.integer('seconds', 60, 31_536_000, 86_400),
  ...BUCKET_VARIABLES,
  API_RATE_LIMIT: value.integer('requests per 5 seconds, 0 for any number', 0, 1_000_000, 0),
  ...LIMIT_VARIABLES,
  LOCAL_ROUTES: value.integer('sessions, 0 for none', 0, 1_000_000, 0),
  LOCAL_ROUTES_MAX_AGE: value.integer('seconds', 1, 86_400, 600),
  API_ANONYMOUS_LIMIT: value.integer('requests per 5 seconds, 0 for any number', 0, 1_000_000, 300),
  API_WRONG_TOKENS: value.integer('tokens in 10 minutes, 0 for any number', 0, 10_000, 10),
  HTTP_MAX_CONNECTIONS: value.integer('connections, 0 for any number', 0, 100_000, 2_000),
  TRUSTED_PROXIES: value.networks(''),
  METRICS_ALLOW: value.networks(''),
  AUDIT_RETENTION_DAYS: value.integer('days', 1, 3_650, 365),
  AUDIT_MOST_PER_DAY: value.integer('entries', 1_000, 100_000_000, 1_000_000),
  SESSION_EXPIRY_MAX: value.integer('seconds', 60, 31_536_000, 86_400),
  SESSION_RETENTION_DAYS: value.integer('days', 1, 3_650, 90),
  CONSOLE: value.flag(true),
  TRACE_RETENTION_HOURS: value.integer('hours, 0 to keep none', 0, 8_760, 168),
  SESSION_END_HANGS_UP: value.flag(false),
  PIN_GUESS_RISK: chance(String(GUARD.guessRisk)),
  PIN_GUESS_RISK_OVERALL: chance(String(GUARD.overallRisk)),
  PIN_CALLER_FREE: value.integer('wrong PINs', 0, 1_000, GUARD.callerFree),
  PIN_CALLER_LIMIT: value.integer('wrong PINs', 1, 100_000, GUARD.callerLimit),
  PIN_REMEMBER_DAYS: value.integer('days, 0 for not at all', 0, 365, GUARD.remember / 86_400_000),
  BILLING_CALL_RATE: value.amount('0'),
  BILLING_INCREMENT_SECONDS: value.integer('seconds', 1, 3_600, 1),
  BILLING_MINIMUM_SECONDS: value.integer('seconds', 0, 3_600, 0),
  BILLING_SESSION_FEE: value.integer('whole units of the currency', 0, 1_000_000, 0),
  ...SOFTPHONE_VARIABLES,
  WATCHDOG_LIMIT_MS: value.watchdogLimit(2_000),
  SHUTDOWN_DEADLINE: value.integer('seconds', 1, 600, 20),
  ...TRACING_VARIABLES,
});

/**
 * The configuration that `env` describes. An empty value counts as not given.
 *
 * Throws ConfigError, with one line about the first problem: it names the variable, what is wrong and
 * the cure, and never repeats the value of a secret. `readFile` reads the file of a NAME_FILE variable.
 */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string = readText,
): Config {
  const given = settingsOf(ENVIRONMENT, SECRETS, env, readFile);
  return {
    http: {
      host: given.HTTP_HOST,
      port: given.HTTP_PORT,
      publicUrl: given.PUBLIC_URL ?? `http://localhost:${given.HTTP_PORT}`,
      limits: {
        perCredential: given.API_RATE_LIMIT,
        anonymous: given.API_ANONYMOUS_LIMIT,
        wrongTokens: given.API_WRONG_TOKENS,
        connections: given.HTTP_MAX_CONNECTIONS,
        trustedProxies: given.TRUSTED_PROXIES,
      },
      metricsAllow: given.METRICS_ALLOW,
    },
    account: { id: given.AUTH_ID, token: given.AUTH_TOKEN },
    redisUrl: given.REDIS_URL,
    freeswitch: { nodes: given.FREESWITCH_NODES, password: given.FREESWITCH_PASSWORD },
    questions: {
      host: given.QUESTION_HOST,
      port: given.QUESTION_PORT,
      secret: given.QUESTION_SECRET,
      allow: given.QUESTION_ALLOW,
    },
    cdrPort: given.CDR_PORT,
    trunks: given.TRUNKS,
    virtualNumbers: given.VIRTUAL_NUMBERS,
    folders: { recordings: given.RECORDINGS_DIR, prompts: given.PROMPTS_DIR, cdr: given.CDR_DIR },
    prompts: {
      allowAddresses: given.PROMPT_ALLOW_ADDRESSES,
      fetchTimeout: given.PROMPT_FETCH_TIMEOUT * 1_000,
      refreshAfter: given.PROMPT_REFRESH * 1_000,
      maxFolderBytes: given.PROMPTS_MAX_SIZE * 1_048_576,
    },
    callbacks: {
      allowAddresses: given.CALLBACK_ALLOW_ADDRESSES,
      retries: given.CALLBACK_RETRIES,
      retryOn: given.CALLBACK_RETRY_ON,
      retryDelays: given.CALLBACK_RETRY_DELAYS,
      concurrency: given.CALLBACK_CONCURRENCY,
      receiverConcurrency: given.CALLBACK_RECEIVER_CONCURRENCY,
    },
    recordings: {
      retentionDays: given.RECORDING_RETENTION_DAYS,
      diskFloor: given.RECORDING_DISK_FLOOR_MB * 1_048_576,
      makeRoom: given.RECORDING_WHEN_FULL === 'remove-oldest',
      urlLifetime: given.RECORDING_URL_LIFETIME,
      bucket: bucketOf(given),
    },
    browserPhones: browserPhonesOf(given),
    dataKeys: given.DATA_KEYS,
    defaultCountry: given.DEFAULT_COUNTRY,
    destinations: destinationRulesOf(given, given.DEFAULT_COUNTRY),
    callLimits: callLimitsOf(given),
    localRoutes: { most: given.LOCAL_ROUTES, maxAge: given.LOCAL_ROUTES_MAX_AGE * 1_000 },
    maxSessionExpiry: given.SESSION_EXPIRY_MAX,
    sessionRetention: given.SESSION_RETENTION_DAYS * 86_400_000,
    tariff: {
      callRate: given.BILLING_CALL_RATE,
      increment: given.BILLING_INCREMENT_SECONDS,
      minimum: given.BILLING_MINIMUM_SECONDS,
      sessionFee: given.BILLING_SESSION_FEE,
    },
    pinGuard: {
      guessRisk: given.PIN_GUESS_RISK,
      overallRisk: given.PIN_GUESS_RISK_OVERALL,
      callerFree: given.PIN_CALLER_FREE,
      callerLimit: given.PIN_CALLER_LIMIT,
      remember: given.PIN_REMEMBER_DAYS * 86_400_000,
    },
    audit: {
      retention: given.AUDIT_RETENTION_DAYS * 86_400_000,
      mostPerDay: given.AUDIT_MOST_PER_DAY,
    },
    console: given.CONSOLE,
    traceRetention: given.TRACE_RETENTION_HOURS * 3_600_000,
    sessionEndHangsUp: given.SESSION_END_HANGS_UP,
    tracing: isTracingWanted(given),
    logLevel: given.LOG_LEVEL,
    watchdogLimitMs: given.WATCHDOG_LIMIT_MS,
    shutdownDeadline: given.SHUTDOWN_DEADLINE,
  };
}

/** Every problem of the configuration that `env` describes: lines such as loadConfig throws, by their variables. */
export function configProblems(
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string = readText,
): ReadonlyMap<string, string> {
  const problems = problemsOf(ENVIRONMENT, SECRETS, env, readFile);
  if (problems.size > 0) return problems;
  try {
    loadConfig(env, readFile);
    return problems;
  } catch (error) {
    // Variables that are right one by one, and do not fit together.
    if (!(error instanceof ConfigError)) throw error;
    const [name = ''] = error.message.split(' ');
    return new Map([[name, error.message]]);
  }
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
