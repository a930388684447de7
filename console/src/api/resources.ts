import type { AuditObject } from '../../../src/api/audit/audit-object.js';
import type { CallbackObject } from '../../../src/api/callbacks/callback-object.js';
import type { Overview } from '../../../src/api/console/overview.js';
import type { Explanation } from '../../../src/api/explain/explanation.js';
import type { PoolForecastObject } from '../../../src/api/pool/forecast-object.js';
import type { RecordingObject } from '../../../src/api/recordings/recording-object.js';
import type { SessionObject } from '../../../src/api/sessions/session-schema.js';
import type { StatisticsObject } from '../../../src/api/statistics/statistics-object.js';

export type {
  AuditObject,
  CallbackObject,
  Explanation,
  Overview,
  PoolForecastObject,
  RecordingObject,
  SessionObject,
  StatisticsObject,
};

/** Part of a list. */
export interface Page<T> {
  readonly meta: { readonly limit: number; readonly offset: number; readonly total_count: number };
  readonly objects: readonly T[];
}

export interface SessionEvent {
  readonly event: string;
  readonly parameter: string;
  readonly code: string;
  readonly message: string;
  readonly first_time: string;
  readonly last_time: string;
  readonly count: number;
}

export interface Statistics {
  readonly step: number;
  readonly objects: readonly StatisticsObject[];
}

/** Who is logged in, and at what. */
export interface ConsoleSession {
  readonly auth_id: string;
  readonly version: string;
  readonly public_url: string;
  readonly sandbox: boolean;
  readonly softphones: boolean;
}

export type NodeState = Overview['nodes'][number];
export type TrunkState = Overview['trunks'][number];

/** Counts are null for a pool that is too large to be looked through. */
export interface PoolState {
  readonly country: string;
  readonly enabled: number;
  readonly disabled: number;
  /** Live ones. */
  readonly sessions: number | null;
  readonly in_cool_off: number | null;
  /** Enabled numbers that take anybody: a person has one session on each number. */
  readonly numbers_without_sessions: number | null;
}

export interface NumberState {
  readonly number: string;
  readonly country: string;
  readonly alias: string;
  readonly enabled: boolean;
  readonly trunk: string | null;
  readonly subaccount: string | null;
  readonly live_sessions: number;
  readonly live_pins: readonly {
    readonly length: number;
    readonly count: number;
    readonly guess_chance: number;
  }[];
  readonly calls_now: number;
  readonly max_calls: number | null;
  readonly in_cool_off: number;
}

export interface NumbersPage {
  readonly total: number;
  readonly pool: readonly PoolState[];
  /** Sessions of the last 24 hours that were created, and that found no number. */
  readonly creates: { readonly created: number; readonly exhausted: number };
  readonly objects: readonly NumberState[];
}
