import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { SimBed } from '../../helpers/sim-bed.js';
import { AUTH_ID } from '../../helpers/stack.js';
import { found } from '../../helpers/until.js';
import { plivoClient, refusalOf, type Answer, type PlivoClient } from './plivo-client.js';

const UNKNOWN = '11111111-2222-4333-8444-555555555555';

let bed: SimBed;
let client: PlivoClient;

beforeAll(async () => {
  bed = await SimBed.start({ controllers: 1 });
  client = plivoClient(bed.stack.controllers[0]?.url ?? '', AUTH_ID, bed.stack.authToken);
});

afterAll(() => bed.close());

describe('calls and recordings', () => {
  it('of a recorded call are listed, read and deleted', async () => {
    const lane = await bed.lane();
    const session = await lane.session({ record: true, record_file_format: 'wav' });
    await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
    await lane.call({ from: lane.first, steps: [{ wait: 1_200 }, { hangup: true }] });
    await lane.interactions(session.id, 1);

    const inbound = await client.calls.list({ fromNumber: lane.first, callDirection: 'inbound' });
    expect(inbound.meta).toMatchObject({ limit: 20, offset: 0, totalCount: 1, next: null, previous: null });
    const [a] = inbound;
    expect(a).toMatchObject({
      callDirection: 'inbound',
      callState: 'ANSWER',
      fromNumber: lane.first,
      toNumber: lane.did.slice(1),
      hangupCauseCode: 4_000,
      hangupCauseName: 'Normal Hangup',
      hangupSource: 'Caller',
      parentCallUuid: null,
    });
    const id = String(a?.['callUuid']);
    const [b, ...others] = await client.calls.list({ parentCallUuid: id, limit: 1 });
    expect(others).toEqual([]);
    expect(b).toMatchObject({
      callDirection: 'outbound',
      parentCallUuid: id,
      fromNumber: lane.did,
      toNumber: lane.second.slice(1),
    });
    for (const listed of [a, b]) {
      const { apiId, ...read } = await client.calls.get(String(listed?.['callUuid']));
      expect(apiId).not.toBe('');
      expect(read).toEqual(withoutApiId(listed));
    }
    const none = await client.calls.list({ fromNumber: lane.first, billDuration__gt: 3_600 });
    expect(none).toHaveLength(0);

    const recording = await found(
      'the recording is listed',
      async () => (await client.recordings.list({ callUuid: id }))[0],
    );
    expect(recording).toMatchObject({
      callUuid: id,
      recordingFormat: 'wav',
      recordingType: 'normal',
      fromNumber: lane.first,
      toNumber: lane.did.slice(1),
    });
    expect(Number(recording['recordingDurationMs'])).toBeGreaterThan(0);
    const recordingId = String(recording['recordingId']);
    const read = await client.recordings.get(recordingId);
    expect(read).toMatchObject({
      callUuid: id,
      recordingId,
      recordingDurationMs: recording['recordingDurationMs'],
      resourceUri: `/v1/Account/${AUTH_ID}/Recording/${recordingId}/`,
    });
    const audio = await fetch(String(read['recordingUrl']));
    expect([audio.status, (await audio.arrayBuffer()).byteLength > 44]).toEqual([200, true]);

    expect(await client.recordings.delete(recordingId)).toBe(true);
    for (const again of [
      () => client.recordings.get(recordingId),
      () => client.recordings.delete(recordingId),
    ]) {
      expect(await refusalOf(again())).toMatchObject({ status: 404, message: 'not found' });
    }
    expect(await client.recordings.list({ callUuid: id })).toHaveLength(0);
  });

  it('that are up are listed, read and hung up', async () => {
    const lane = await bed.lane();
    await lane.session();
    await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
    const call = lane.call({ from: lane.first });
    const outbound = await found(
      'the call is listed as live',
      async () => (await client.calls.listLiveCalls({ fromNumber: lane.did }))[0],
    );
    const id = String(outbound['callUuid']);
    expect(await client.calls.getLiveCall(id)).toMatchObject({
      callUuid: id,
      direction: 'outbound',
      from: lane.did,
      to: lane.second.slice(1),
    });
    const everything = await client.calls.listLiveCalls();
    expect(everything.map(({ callUuid }) => callUuid)).toContain(id);
    expect(everything.length).toBeGreaterThanOrEqual(2);
    // It has not ended yet.
    expect(await refusalOf(client.calls.get(id))).toMatchObject({ status: 404 });

    await client.calls.hangup(id);
    expect((await call).endedByCaller).toBe(false);
    const ended = await found('the call is listed as ended', () =>
      client.calls.get(id).catch(unlessNotFound),
    );
    expect(ended).toMatchObject({ hangupSource: 'API Request', callDirection: 'outbound' });
    expect(await refusalOf(client.calls.getLiveCall(id))).toMatchObject({ status: 404 });
    expect(await client.calls.listLiveCalls()).toHaveLength(0);
  });

  it('go on when the session is deleted under them', async () => {
    const lane = await bed.lane();
    const { id: sessionId } = await lane.session();
    await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
    const call = lane.call({ from: lane.first });
    const { callUuid } = await found(
      'the call is listed as live',
      async () => (await client.calls.listLiveCalls({ fromNumber: lane.did }))[0],
    );
    expect(await client.maskingSession.deleteMaskingSession(sessionId)).toMatchObject({
      message: 'Session expired',
    });
    for (const work of [
      () => client.maskingSession.deleteMaskingSession(sessionId),
      () => client.maskingSession.updateMaskingSession(sessionId, { record: true }),
    ]) {
      expect(await refusalOf(work())).toMatchObject({ status: 400, message: 'Session already expired' });
    }
    expect(await client.calls.getLiveCall(String(callUuid))).toMatchObject({ callUuid });
    await client.calls.hangup(String(callUuid));
    expect((await call).endedByCaller).toBe(false);
    // Until the leg's record is written, the session is still in the call.
    await found('the call is listed as ended', () =>
      client.calls.get(String(callUuid)).catch(unlessNotFound),
    );
    const got = await client.maskingSession.getMaskingSession(sessionId);
    expect(got['response']).toMatchObject({ status: 'expired' });
  });

  it('that nobody knows are not found', async () => {
    for (const work of [
      () => client.calls.get(UNKNOWN),
      () => client.calls.getLiveCall(UNKNOWN),
      () => client.calls.hangup(UNKNOWN),
      () => client.recordings.get(UNKNOWN),
      () => client.recordings.delete(UNKNOWN),
    ]) {
      expect(await refusalOf(work())).toMatchObject({ status: 404, message: 'not found' });
    }
  });

  it('refuse filters that they do not understand', async () => {
    for (const work of [
      () => client.calls.list({ limit: 21 }),
      () => client.calls.list({ offset: -1 }),
      () => client.calls.list({ callDirection: 'sideways' }),
      () => client.calls.listLiveCalls({ fromNumber: 'x' }),
      () => client.recordings.list({ limit: 0 }),
      () => client.recordings.list({ addTime__gt: 'yesterday' }),
    ]) {
      expect(await refusalOf(work())).toMatchObject({ status: 400 });
    }
  });
});

/** A listed call as `get` shows it: the client gives only the latter the id of the request. */
function withoutApiId(call: Answer | undefined): Answer {
  return Object.fromEntries(Object.entries(call ?? {}).filter(([key]) => key !== 'apiId'));
}

/** For a record that is still being written. */
function unlessNotFound(error: unknown): undefined {
  if ((error as { status?: unknown }).status !== 404) throw error;
}
