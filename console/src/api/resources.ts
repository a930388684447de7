import type { AuditObject } from '../../../src/api/audit/audit-object.js';
import type { CallbackObject } from '../../../src/api/callbacks/callback-object.js';
import type { Explanation } from '../../../src/api/explain/explanation.js';
import type { RecordingObject } from '../../../src/api/recordings/recording-object.js';
import type { SessionObject } from '../../../src/api/sessions/session-schema.js';
import type { StatisticsObject } from '../../../src/api/statistics/statistics-object.js';

export type { AuditObject, CallbackObject, Explanation, RecordingObject, SessionObject, StatisticsObject };

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

export interface ControllerState {
  readonly id: string;
  readonly host: string;
  readonly version: string;
  readonly started_at: string;
  readonly seen_at: string;
  readonly holds: readonly string[];
}

export interface NodeState {
  readonly endpoint: string;
  readonly name: string;
  readonly state: 'up' | 'connecting' | 'waiting' | 'standby' | 'stopped' | 'unknown';
  readonly held_by: string | null;
  readonly draining: boolean;
  readonly up_since: string | null;
  readonly seen_at: string | null;
  readonly calls: number;
}

export interface TrunkState {
  readonly name: string;
  readonly node: string;
  readonly state: 'up' | 'down' | 'unknown';
  readonly ping_ms: number | null;
}

export interface Overview {
  readonly redis: { readonly up: boolean };
  readonly controllers: readonly ControllerState[];
  readonly nodes: readonly NodeState[];
  readonly trunks: readonly TrunkState[];
  readonly calls_running: number;
  readonly callbacks: { readonly waiting: number; readonly oldest_seconds: number | null };
}

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
