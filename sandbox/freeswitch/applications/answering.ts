import { hangupNamed, type Channel } from '../channel.js';
import type { Core } from '../core.js';

export async function answer(_: Core, channel: Channel): Promise<void> {
  await channel.answer();
}

export function preAnswer(_: Core, channel: Channel): void {
  channel.preAnswer();
}

export function ringReady(_: Core, channel: Channel): void {
  channel.ring();
}

/** Without a cause NORMAL_CLEARING. */
export function hangup(_: Core, channel: Channel, data: string): void {
  hangupNamed(channel, data);
}
