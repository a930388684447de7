import type { Channel } from '../channel.js';
import type { Core } from '../core.js';
import { finishRecording, type Recording } from '../recording.js';
import { isTrue } from '../text.js';

const recordings = new WeakMap<Channel, Map<string, () => Promise<void>>>();

/**
 * Starts to record; the file stands there, silent but of the right length, when the recording ends
 * with the channel or by stop_record_session (switch_ivr_async.c).
 */
export function recordSession(core: Core, channel: Channel, data: string): void {
  const [path = ''] = data.split(' ');
  if (path === '' || !channel.preAnswer()) return;
  const running = recordings.get(channel) ?? new Map<string, () => Promise<void>>();
  recordings.set(channel, running);
  if (running.has(path)) return;
  const recording: Recording = {
    path,
    stereo: isTrue(channel.variables.get('RECORD_STEREO')),
    startedAt: core.clock.now(),
  };
  core.emit('RECORD_START', channel, { 'Record-File-Path': path });
  running.set(path, async () => {
    running.delete(path);
    const result = await finishRecording(recording, core.clock.now());
    channel.variables.set('record_file_size', String(result.bytes));
    channel.variables.set('record_samples', String(result.samples));
    channel.variables.set('record_seconds', String(Math.floor(result.ms / 1000)));
    channel.variables.set('record_ms', String(result.ms));
    if (result.samples === 0) channel.variables.set('RECORD_DISCARDED', 'true');
    const completion = result.samples === 0 ? 'empty-file' : 'success-silence';
    channel.variables.set('record_completion_cause', completion);
    core.emit('RECORD_STOP', channel, { 'Record-File-Path': path, 'Record-Completion-Cause': completion });
  });
}

export async function stopRecordSession(_: Core, channel: Channel, data: string): Promise<void> {
  const running = recordings.get(channel);
  if (data === 'all') await stopRecordings(channel);
  else await running?.get(data)?.();
}

/** Ends whatever still records a channel. */
export async function stopRecordings(channel: Channel): Promise<void> {
  for (const stop of [...(recordings.get(channel)?.values() ?? [])]) await stop();
}
