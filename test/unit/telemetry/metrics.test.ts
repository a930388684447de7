import { describe, expect, it } from 'vitest';

import type { LegRecord } from '../../../src/masking/interaction.js';
import { Metrics, type Snapshot } from '../../../src/telemetry/metrics.js';
import { NOW } from '../../helpers/sessions.js';

const SNAPSHOT: Snapshot = {
  redisUp: true,
  nodes: [{ node: '127.0.0.1:8021', up: true, held: true }],
  numbers: [
    { country: 'US', enabled: true, count: 12 },
    { country: 'US', enabled: false, count: 1 },
  ],
  calls: 3,
  callbacks: { waiting: 7, oldest: 1.5 },
  bucket: { up: null, waiting: null },
};

const leg = (changes: Partial<LegRecord>): LegRecord => ({
  ...{ uuid: '1', role: 'b', party: 'second', startedAt: NOW, ringingAt: NOW + 400, answeredAt: NOW + 5_000 },
  ...{
    bridgedAt: NOW + 5_100,
    endedAt: NOW + 65_100,
    cause: 'NORMAL_CLEARING',
    sipStatus: null,
    endedBy: 'a',
  },
  ...{ trunk: 'carrier' },
  ...changes,
});

/** The lines of a metric, without its help. */
async function linesOf(metrics: Metrics, name: string): Promise<string[]> {
  return (await metrics.text()).split('\n').filter((line) => line.startsWith(`maskline_${name}`));
}

describe('metrics', () => {
  it('show what is asked for when somebody scrapes', async () => {
    const metrics = new Metrics(() => Promise.resolve(SNAPSHOT), '1.2.3');
    const text = await metrics.text();
    for (const line of [
      'maskline_build_info{version="1.2.3"} 1',
      'maskline_redis_up 1',
      'maskline_node_up{node="127.0.0.1:8021"} 1',
      'maskline_node_held{node="127.0.0.1:8021"} 1',
      'maskline_virtual_numbers{country="US",enabled="true"} 12',
      'maskline_virtual_numbers{country="US",enabled="false"} 1',
      'maskline_calls_running 3',
      'maskline_callbacks_waiting 7',
      'maskline_callback_oldest_age_seconds 1.5',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(metrics.contentType).toContain('text/plain');
  });

  it('leave out what Redis did not say, instead of showing 0', async () => {
    let snapshot = SNAPSHOT;
    const metrics = new Metrics(() => Promise.resolve(snapshot), '1');
    await metrics.text();
    snapshot = { ...SNAPSHOT, redisUp: false, numbers: [], calls: null, callbacks: null };
    const text = await metrics.text();
    expect(text).toContain('maskline_redis_up 0');
    for (const name of [
      'calls_running',
      'callbacks_waiting',
      'callback_oldest_age_seconds',
      'virtual_numbers',
    ]) {
      expect(await linesOf(metrics, name), name).toEqual([]);
    }
  });

  it('tell of the bucket for recordings where there is one, and of nothing where there is none', async () => {
    let snapshot = SNAPSHOT;
    const metrics = new Metrics(() => Promise.resolve(snapshot), '1');
    metrics.transferred('upload', 'failed', 2_500);
    expect(await linesOf(metrics, 'recording_bucket_up')).toEqual([]);
    expect(await linesOf(metrics, 'recording_transfers_waiting')).toEqual([]);
    snapshot = { ...SNAPSHOT, bucket: { up: false, waiting: { uploads: 4, removals: 1 } } };
    expect(await linesOf(metrics, 'recording_bucket_up')).toEqual(['maskline_recording_bucket_up 0']);
    expect(await linesOf(metrics, 'recording_transfers_waiting')).toEqual([
      'maskline_recording_transfers_waiting{kind="upload"} 4',
      'maskline_recording_transfers_waiting{kind="remove"} 1',
    ]);
    expect(await linesOf(metrics, 'recording_transfer_duration_seconds_sum')).toEqual([
      'maskline_recording_transfer_duration_seconds_sum{kind="upload",result="failed"} 2.5',
    ]);
    snapshot = { ...SNAPSHOT, bucket: { up: true, waiting: null } };
    expect(await linesOf(metrics, 'recording_transfers_waiting')).toEqual([]);
  });

  it('count a call once, by its A leg, and each phone that was dialled by its trunk', async () => {
    const metrics = new Metrics(() => Promise.resolve(SNAPSHOT), '1');
    metrics.legEnded(leg({}));
    metrics.legEnded(
      leg({ trunk: 'spare', ringingAt: null, answeredAt: null, bridgedAt: null, cause: 'USER_BUSY' }),
    );
    metrics.legEnded(leg({ role: 'a', trunk: '' }));
    metrics.legEnded(leg({ role: 'a', trunk: '', bridgedAt: null, cause: 'USER_BUSY' }));
    expect(await linesOf(metrics, 'calls_total')).toEqual([
      'maskline_calls_total{outcome="connected",cause="NORMAL_CLEARING"} 1',
      'maskline_calls_total{outcome="unanswered",cause="USER_BUSY"} 1',
    ]);
    expect(await linesOf(metrics, 'dialled_legs_total')).toEqual([
      'maskline_dialled_legs_total{trunk="carrier",outcome="answered",cause="NORMAL_CLEARING"} 1',
      'maskline_dialled_legs_total{trunk="spare",outcome="unanswered",cause="USER_BUSY"} 1',
    ]);
    expect(await linesOf(metrics, 'post_dial_delay_seconds_sum')).toEqual([
      'maskline_post_dial_delay_seconds_sum{trunk="carrier"} 0.4',
    ]);
    expect(await linesOf(metrics, 'call_talk_seconds_sum')).toEqual(['maskline_call_talk_seconds_sum 60']);
  });

  it('show what alerts go by before it happens: a series that begins with its first event hides it', async () => {
    const text = await new Metrics(() => Promise.resolve(SNAPSHOT), '1').text();
    for (const line of [
      'maskline_session_creates_total{result="pool_exhausted"} 0',
      'maskline_pin_checks_total{result="matched"} 0',
      'maskline_setup_duration_seconds_count{outcome="fallback"} 0',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
  });

  it('count a first party that was dialled, by its trunk', async () => {
    const metrics = new Metrics(() => Promise.resolve(SNAPSHOT), '1');
    metrics.legEnded(
      leg({ role: 'a', ringingAt: null, answeredAt: null, bridgedAt: null, cause: 'NO_ANSWER' }),
    );
    expect(await linesOf(metrics, 'dialled_legs_total')).toEqual([
      'maskline_dialled_legs_total{trunk="carrier",outcome="unanswered",cause="NO_ANSWER"} 1',
    ]);
  });

  it('take no label from what a far end says', async () => {
    const metrics = new Metrics(() => Promise.resolve(SNAPSHOT), '1');
    metrics.legEnded(leg({ cause: '+14155550101"} 1' }));
    metrics.sessionCreated('ERR_SOMETHING_NEW');
    metrics.sessionCreated('ERR_NUMBER_POOL_EXHAUSTED');
    expect(await linesOf(metrics, 'dialled_legs_total')).toEqual([
      'maskline_dialled_legs_total{trunk="carrier",outcome="answered",cause="OTHER"} 1',
    ]);
    expect(await linesOf(metrics, 'session_creates_total')).toEqual([
      'maskline_session_creates_total{result="created"} 0',
      'maskline_session_creates_total{result="failed"} 1',
      'maskline_session_creates_total{result="pool_exhausted"} 1',
      'maskline_session_creates_total{result="pin_taken"} 0',
    ]);
  });

  it('time Redis, callbacks, requests and questions in seconds', async () => {
    const metrics = new Metrics(() => Promise.resolve(SNAPSHOT), '1');
    metrics.redisAnswered('route', 2, false);
    metrics.redisAnswered('route', 1_500, true);
    metrics.callbackAttempted('again', 250);
    metrics.requestAnswered({ method: 'GET', route: '/healthz', status: 200, elapsedMs: 3 });
    metrics.questionTaken('answered', 4);
    metrics.heard(-5);
    metrics.pinChecked('wrong');
    metrics.unconnected('not-in-service');
    const text = (await metrics.text()).split('\n');
    for (const line of [
      'maskline_redis_command_duration_seconds_sum{script="route"} 1.502',
      'maskline_redis_command_failures_total{script="route"} 1',
      'maskline_callback_attempt_duration_seconds_sum{result="again"} 0.25',
      'maskline_http_request_duration_seconds_count{method="GET",route="/healthz",status="200"} 1',
      'maskline_setup_duration_seconds_sum{outcome="answered"} 0.004',
      'maskline_event_socket_lag_seconds_sum 0',
      'maskline_pin_checks_total{result="wrong"} 1',
      'maskline_calls_unconnected_total{reason="not-in-service"} 1',
    ]) {
      expect(text).toContain(line);
    }
  });
});
