import type { LoadCall } from './call.js';
import type { LoadLane } from './lanes.js';
import type { System } from './system.js';

/** An interaction as the API tells it; instants in milliseconds since the epoch, whole seconds. */
export interface WrittenInteraction {
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** Seconds answered, over both legs. */
  readonly seconds: number;
  readonly legs: number;
  readonly recorded: boolean;
}

/** What is written of one session. */
export interface WrittenSession {
  readonly status: string;
  readonly interactions: readonly WrittenInteraction[];
}

const AT_ONCE = 10;

/** Reads every session over the API. */
export async function readSessions(
  system: System,
  lanes: readonly LoadLane[],
): Promise<Map<LoadLane, WrittenSession>> {
  const read = new Map<LoadLane, WrittenSession>();
  for (let from = 0; from < lanes.length; from += AT_ONCE) {
    await Promise.all(
      lanes.slice(from, from + AT_ONCE).map(async (lane) => {
        const { status, body } = await system.api('GET', `/Masking/Session/${lane.sessionId}/`);
        if (status !== 200) throw new Error(`a session cannot be read: ${status}`);
        read.set(lane, sessionIn(body));
      }),
    );
  }
  return read;
}

function sessionIn(body: unknown): WrittenSession {
  const { status, interaction } = (
    body as { response: { status: string; interaction: { [field: string]: unknown }[] | null } }
  ).response;
  return {
    status,
    interactions: (interaction ?? []).map((each) => ({
      startedAt: Date.parse(apiTime(each['start_time'])),
      endedAt: each['end_time'] === null ? null : Date.parse(apiTime(each['end_time'])),
      seconds: Number(each['duration']),
      legs: Number(each['total_call_count']),
      recorded: each['recording_resource_url'] !== null,
    })),
  };
}

/** `2026-11-28 14:58:51 +0000 UTC` as ISO 8601. */
export function apiTime(text: unknown): string {
  return String(text).replace(/^(\S+) (\S+) \+0000 UTC$/, '$1T$2Z');
}

/** Times in the API are cut to seconds, and a claim or an event follows what the phone saw. Milliseconds. */
const CUT_MS = 1_000;
const SLACK_MS = 1_000;

/**
 * Whose an entry of `at` is: of the newest call of the session that had begun by then. Calls of one session
 * are many seconds apart. Null when there is none.
 */
export function callAt(calls: readonly LoadCall[], at: number): LoadCall | null {
  return calls.findLast(({ timeline }) => timeline.invited - SLACK_MS < at + CUT_MS) ?? null;
}
