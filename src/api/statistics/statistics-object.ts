import { z } from 'zod';

import { delayQuantile } from '../../masking/call-statistics.js';
import type { StatisticsOf } from '../../store/index.js';

export const STATISTICS_OBJECT = z
  .object({
    at: z.iso.datetime({ precision: 3 }).describe('When the span begins.'),
    calls: z.int().describe('Calls that ended in it, in all.'),
    connected: z.int(),
    unanswered: z.int().describe('Dialled, and not answered.'),
    unconnected: z.int().describe('Not dialled at all: refused, or led to an announcement.'),
    talk_seconds: z.int(),
    answer_rate: z.number().nullable().describe('Connected of those that were dialled, 0 to 1.'),
    post_dial_delay: z.object({
      p50_ms: z.int().nullable(),
      p95_ms: z.int().nullable(),
      count: z.int().describe('Phones that rang.'),
    }),
    failures: z.record(z.string(), z.int()).describe('How many, by hangup cause or reason.'),
  })
  .meta({ id: 'CallStatistics' });

export type StatisticsObject = z.infer<typeof STATISTICS_OBJECT>;

export function statisticsObject({ at, counts }: StatisticsOf): StatisticsObject {
  const { connected, unanswered, talkSeconds, delays, causes } = counts;
  const unconnected = sum(Object.values(counts.unconnected));
  const dialled = connected + unanswered;
  return {
    at: new Date(at).toISOString(),
    calls: dialled + unconnected,
    ...{ connected, unanswered, unconnected },
    talk_seconds: talkSeconds,
    answer_rate: dialled === 0 ? null : connected / dialled,
    post_dial_delay: {
      p50_ms: delayQuantile(delays, 0.5),
      p95_ms: delayQuantile(delays, 0.95),
      count: sum(delays),
    },
    // Causes are FreeSWITCH's, in capitals; reasons are ours, in small letters.
    failures: { ...causes, ...counts.unconnected },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
