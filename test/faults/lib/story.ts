import type { AuditedCall } from './audit.js';
import { fateOf } from './verdict.js';

/** A call that fared worse than the others, for whoever looks into it. No numbers of parties. */
export interface CallStory {
  readonly id: number;
  readonly group: string;
  readonly kind: string;
  readonly fate: string;
  readonly status: number | null;
  readonly endedBy: string | null;
  readonly keyed: number;
  /** Milliseconds from the strike, or from where the story says. */
  readonly timeline: Readonly<Record<string, number | null>>;
  readonly heard: Readonly<Record<string, number | null>>;
  readonly written: boolean;
  readonly wrongLength: boolean;
  readonly twice: boolean;
  readonly untold: readonly string[];
  readonly sessionId: string;
}

/** `zero`: the instant that its timeline counts from, in milliseconds since the epoch. */
export function storyOf(each: AuditedCall, group: string, zero: number): CallStory {
  const { call } = each;
  const since = (at: number | null): number | null => (at === null ? null : at - zero);
  const relative = (instants: object): Record<string, number | null> =>
    Object.fromEntries(Object.entries(instants).map(([name, at]) => [name, since(at as number | null)]));
  return {
    id: call.id,
    group,
    kind: call.lane.kind,
    fate: fateOf(call),
    status: call.status,
    endedBy: call.endedBy,
    keyed: call.keyed,
    timeline: relative(call.timeline),
    heard: relative(call.heard),
    written: each.written,
    wrongLength: each.wrongLength,
    twice: each.twice,
    untold: each.untold,
    sessionId: call.lane.sessionId,
  };
}
