import type { Channel } from '../channel.js';
import type { Core } from '../core.js';
import { collectDigits, type Collected } from '../digits.js';
import { regexOf } from '../dialplan.js';
import { openSound } from '../sounds.js';
import { atoi, separate } from '../text.js';

type PlayResult = 'played' | 'stopped' | 'not-found' | 'failed';

/** Called for every key that is pressed while a file plays; true stops the file. */
type OnDigit = (digit: string) => boolean;

/**
 * Plays a file to the channel (switch_ivr_play_file). Opens early media when nothing was answered yet,
 * even when the file then turns out to be missing.
 */
export async function playFile(
  core: Core,
  channel: Channel,
  name: string,
  onDigit: OnDigit | null,
): Promise<PlayResult> {
  if (!channel.preAnswer() || !channel.isReady()) return 'failed';
  const sound = await openSound(name, channel.get('sound_prefix') ?? '');
  if (sound === null) {
    channel.digits.flush();
    return 'not-found';
  }
  const ended = sound.isFile ? channel.playing(sound.source) : (): void => undefined;
  const until = core.clock.now() + sound.durationMs;
  let stopped = false;
  while (!stopped && channel.isReady() && core.clock.now() < until) {
    const left = Math.min(until - core.clock.now(), 2 ** 31 - 1);
    if (onDigit === null) {
      await core.clock.sleep(left, channel.signal);
      continue;
    }
    const arrived = await channel.digits.wait(core.clock, left, channel.signal);
    const digit = arrived ? channel.digits.shift() : undefined;
    if (digit !== undefined) stopped = onDigit(digit);
  }
  ended(!stopped && channel.isReady());
  if (!channel.isReady()) return 'failed';
  return stopped ? 'stopped' : 'played';
}

/** A key stops the file when playback_terminators (default `*`) says so; every key is used up. */
export async function playback(core: Core, channel: Channel, data: string): Promise<void> {
  channel.variables.set('playback_terminator_used', undefined);
  const wanted = channel.get('playback_terminators') ?? '*';
  const terminators = { any: '1234567890*#', none: '' }[wanted.toLowerCase()] ?? wanted;
  const result = await playFile(core, channel, data, (digit) => {
    if (!terminators.includes(digit)) return false;
    channel.variables.set('playback_terminator_used', digit);
    return true;
  });
  const responses = {
    played: 'FILE PLAYED',
    stopped: 'FILE PLAYED',
    'not-found': 'FILE NOT FOUND',
    failed: 'PLAYBACK ERROR',
  };
  channel.variables.set('current_application_response', responses[result]);
}

/** Milliseconds. */
export async function sleep(core: Core, channel: Channel, data: string): Promise<void> {
  if (channel.isReady()) await core.clock.sleep(atoi(data), channel.signal);
}

/** The arguments of play_and_get_digits, by mod_dptools.c's rules. */
export interface DigitsRequest {
  readonly min: number;
  readonly max: number;
  readonly tries: number;
  /** Milliseconds, at least 1000: to the first digit, from the end of the prompt. */
  readonly timeout: number;
  readonly terminators: string;
  readonly prompt: string;
  readonly badInput: string;
  readonly variable: string;
  readonly regex: string;
  /** Milliseconds between digits. */
  readonly digitTimeout: number;
  readonly transferOnFailure: string;
}

export function digitsRequest(data: string): DigitsRequest {
  const args = separate(data, ' ', 11);
  const min = Math.max(0, atoi(args[0]));
  const timeout = Math.max(1000, atoi(args[3]));
  return {
    min,
    max: Math.max(min, atoi(args[1])),
    tries: atoi(args[2]),
    timeout,
    terminators: args[4] === undefined || args[4] === '' ? '#' : args[4],
    prompt: args[5] ?? '',
    badInput: args[6] ?? '',
    variable: args[7] ?? '',
    regex: args[8] ?? '',
    digitTimeout: atoi(args[9]) || timeout,
    transferOnFailure: args[10] ?? '',
  };
}

/** switch_play_and_get_digits, traps and all. */
export async function playAndGetDigits(core: Core, channel: Channel, data: string): Promise<void> {
  const request = digitsRequest(data);
  const { variable, regex, min } = request;
  if (regex !== '' && variable !== '') channel.variables.set(`${variable}_invalid`, undefined);
  for (let tries = request.tries; tries > 0 && channel.isReady(); tries -= 1) {
    const read = await readDigits(core, channel, request);
    if (read.status === 'restart') return;
    const enough = read.status === 'timeout' && read.digits.length >= min;
    if (min === 0 && read.digits === '' && channel.variables.get('read_terminator_used') !== undefined)
      return;
    if ((read.status === 'success' || enough) && read.digits !== '') {
      if (regex === '' || regexOf(regex).test(read.digits)) return;
      channel.variables.set(variable, undefined);
      channel.variables.set(`${variable}_invalid`, read.digits);
    }
    if (!channel.isReady()) return;
    await playFile(core, channel, request.badInput, null);
  }
  if (request.transferOnFailure !== '' && channel.isReady()) {
    const [destination = '', dialplan, context] = separate(request.transferOnFailure, ' ', 4);
    channel.transfer(destination, dialplan, context);
  }
}

interface ReadDigits {
  readonly digits: string;
  readonly status: 'success' | 'timeout' | 'too-small' | 'false' | 'restart' | 'no-prompt';
}

/** switch_ivr_read: one prompt and one collection. */
async function readDigits(core: Core, channel: Channel, request: DigitsRequest): Promise<ReadDigits> {
  const { min, max, terminators, variable } = request;
  channel.variables.set('read_result', undefined);
  if (variable !== '') channel.variables.set(variable, undefined);
  if (!channel.preAnswer()) return { digits: '', status: 'false' };
  let begun = '';
  if (request.prompt !== '' && request.prompt.toLowerCase() !== 'silence') {
    const played = await playFile(core, channel, request.prompt, (digit) => {
      begun = digit;
      return true;
    });
    // No prompt, no chance to key anything, and no read_result either.
    if (played === 'not-found' || played === 'failed') return { digits: begun, status: 'no-prompt' };
  }
  const collected: Collected =
    begun.length < Math.max(min, max)
      ? await collectDigits(channel.digits, core.clock, channel.signal, begun, {
          max,
          terminators,
          firstTimeout: begun === '' ? request.timeout : request.digitTimeout,
          digitTimeout: request.digitTimeout,
        })
      : { digits: begun, terminator: '', status: 'success' };
  return finishRead(channel, request, collected);
}

function finishRead(channel: Channel, request: DigitsRequest, collected: Collected): ReadDigits {
  const { min, max, terminators, variable } = request;
  let { digits } = collected;
  let status: ReadDigits['status'] = collected.status;
  const { terminator } = collected;
  if (terminator !== '') {
    channel.variables.set('read_terminator_used', terminator);
    const mark = terminators.charAt(terminators.indexOf(terminator) - 1);
    if (mark === '+' || mark === 'x') digits += terminator;
    if (mark === 'x') status = 'restart';
  } else if (terminators.startsWith('=')) {
    status = 'too-small';
  }
  if (min > 0 && digits.length < min) status = 'too-small';
  const result = status === 'success' || status === 'timeout' ? status : 'failure';
  channel.variables.set('read_result', result);
  if (status !== 'restart' && max === 1 && digits.length === 1 && terminators.includes(digits)) digits = '';
  if (variable !== '' && digits !== '') channel.variables.set(variable, digits);
  return { digits, status };
}
