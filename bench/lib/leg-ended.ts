import { readFileSync } from 'node:fs';

/** Names of the headers that a real FreeSWITCH gives its events, by event. */
const NAMES = new URL('../../test/functional/sandbox/real-header-names.json', import.meta.url);
/** As long as values are on average: 194 headers then take about 9 KB. */
const VALUE = '15550001001-0123456789-abcd';

/** A CHANNEL_HANGUP_COMPLETE with every header of a real one. */
export function legEnded(): Record<string, string> {
  const names = JSON.parse(readFileSync(NAMES, 'utf8')) as Record<string, string[]>;
  const event = Object.fromEntries((names['CHANNEL_HANGUP_COMPLETE a'] ?? []).map((name) => [name, VALUE]));
  return { ...event, 'Event-Name': 'CHANNEL_HANGUP_COMPLETE' };
}
