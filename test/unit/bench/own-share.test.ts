import { describe, expect, it } from 'vitest';
import { Metrics } from '../../../src/telemetry/metrics.js';
import {
  answeredWithin,
  answersBetween,
  answersIn,
  answersOf,
  shareWithin,
} from '../../../bench/lib/own-share.js';

const NOTHING = {
  redisUp: true,
  nodes: [],
  numbers: [],
  calls: null,
  callbacks: null,
  bucket: { up: null, waiting: null },
};

async function metricsOf(...answersMs: readonly number[]): Promise<string> {
  const metrics = new Metrics(() => Promise.resolve(NOTHING), '0');
  for (const ms of answersMs) metrics.questionTaken('answered', ms);
  metrics.questionTaken('abandoned', 2_000);
  return metrics.text();
}

describe('our own share of a set-up, by the metrics of controllers', () => {
  it('is that of answers alone, of all controllers', async () => {
    const answers = answersIn([await metricsOf(0.4, 3, 8), await metricsOf(30)]);
    expect(answers.at(-1)).toEqual([Number.POSITIVE_INFINITY, 4]);
    expect(shareWithin(answers, 0.01)).toBe(0.75);
  });

  it('is that of the time between two looks', async () => {
    const answers = answersBetween(answersIn([await metricsOf(30)]), answersIn([await metricsOf(30, 3)]));
    expect(shareWithin(answers, 0.01)).toBe(1);
    expect(shareWithin(answersOf([answers, answersIn([await metricsOf(30)])]), 0.01)).toBe(0.5);
  });

  it('has its quantiles on a line between the bounds', async () => {
    // Half of them up to 2.5 ms, half up to 5 ms.
    const answers = answersIn([await metricsOf(2, 2, 4, 4)]);
    expect(answeredWithin(answers, 0.5)).toBeCloseTo(2.5);
    expect(answeredWithin(answers, 0.75)).toBeCloseTo(3.75);
    expect(answeredWithin(answers, 1)).toBeCloseTo(5);
  });

  it('is at least the last bound when it lies beyond, and unknown without answers', async () => {
    expect(answeredWithin(answersIn([await metricsOf(9_000)]), 0.99)).toBe(2_500);
    expect(answeredWithin(answersIn([await metricsOf()]), 0.99)).toBeNaN();
    expect(shareWithin(answersIn([]), 0.01)).toBeNaN();
  });
});
