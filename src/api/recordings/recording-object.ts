import { z } from 'zod';

import type { Recording } from '../../masking/recording.js';

/** A recording, with its keys in the order of Plivo's samples. */
export const RECORDING_OBJECT = z
  .object({
    add_time: z.string(),
    call_uuid: z.string().describe('The A leg.'),
    conference_name: z.null(),
    from_number: z.string().describe('Of the A leg; `anonymous` when it was withheld.'),
    monthly_recording_storage_amount: z.literal('0.00000'),
    recording_duration_ms: z.string(),
    recording_end_ms: z.string().describe('Milliseconds since the epoch.'),
    recording_format: z.enum(['mp3', 'wav']),
    recording_id: z.string(),
    recording_start_ms: z.string(),
    recording_storage_duration: z.int().describe('Days.'),
    recording_storage_rate: z.literal('0.00000'),
    recording_type: z.literal('normal'),
    recording_url: z.string().describe('The audio; signed, and expires. "" when there is none.'),
    resource_uri: z.string(),
    rounded_recording_duration: z.int().describe('Seconds, rounded up to whole minutes.'),
    to_number: z.string(),
    session_uuid: z.string().describe('Ours, as what follows.'),
    state: z.enum(['completed', 'partial', 'failed']),
    problem: z.enum(['', 'missing', 'empty', 'unreadable', 'short', 'cut']),
    bytes: z.int(),
  })
  .meta({ id: 'Recording' });

export type RecordingObject = z.infer<typeof RECORDING_OBJECT>;

const DAY = 86_400_000;

/** `accountPath` such as `/v1/Account/MA…`; `mediaUrl` for the audio; `now` in milliseconds since the epoch. */
export function recordingObject(
  recording: Recording,
  accountPath: string,
  mediaUrl: string,
  now: number,
): RecordingObject {
  const { id, durationMs } = recording;
  return {
    add_time: `${new Date(recording.addedAt).toISOString().replace('T', ' ').replace('Z', '000')}+00:00`,
    call_uuid: id,
    conference_name: null,
    from_number: recording.from ?? 'anonymous',
    monthly_recording_storage_amount: '0.00000',
    recording_duration_ms: milliseconds(durationMs),
    recording_end_ms: milliseconds(recording.endedAt),
    recording_format: recording.format,
    recording_id: id,
    recording_start_ms: milliseconds(recording.startedAt),
    recording_storage_duration: Math.max(1, Math.ceil((now - recording.addedAt) / DAY)),
    recording_storage_rate: '0.00000',
    recording_type: 'normal',
    recording_url: recording.state === 'failed' ? '' : mediaUrl,
    resource_uri: `${accountPath}/Recording/${id}/`,
    rounded_recording_duration: Math.ceil(durationMs / 60_000) * 60,
    to_number: recording.to.slice(1),
    session_uuid: recording.sessionId,
    state: recording.state,
    problem: recording.problem,
    bytes: recording.bytes,
  };
}

/** As Plivo prints them: `345100.00000`. */
function milliseconds(value: number): string {
  return value.toFixed(5);
}
