import { callerVariables } from './caller-variables.js';
import { isDialledNumber } from './channel-data.js';
import { AnswerInvalidError } from './errors.js';
import { markVariables } from './leg-marks.js';
import type { Answer, Asked, ConnectAnswer, Kept } from './question.js';
import { VAR } from './variables.js';

/** Builds the dial string of a `connect` answer. */
export type DialString = (answer: ConnectAnswer, keeps: Kept) => string;

/** A variable and its value; "" unsets it. */
export type VariableSetting = readonly [name: string, value: string];

/**
 * Stands for an empty prompt: play_and_get_digits gives an attempt up at once when it cannot play its
 * file (switch_ivr_play_say.c, switch_ivr_read), and nobody could key anything.
 */
const SILENCE = 'silence_stream://100';

const HANGUP_HOOK = 'api_hangup_hook';

/** The extension that says to A that B was not reached. */
const NOT_REACHED = 'not-reached';

/**
 * What an answer sets on the channel that asked. Whatever lives for one question only (keyed digits,
 * the result of the last prompt) is unset by every answer.
 *
 * @throws AnswerInvalidError when the channel's UUID is not one.
 */
export function answerVariables(answer: Answer, dialString: DialString, asked: Asked): VariableSetting[] {
  return [
    [VAR.digits, ''],
    [VAR.readResult, ''],
    // What a call that the dead-man ends does to the order of controllers.
    [HANGUP_HOOK, ''],
    ...specificVariables(answer, dialString, asked),
    // Last: the dialplan goes on with the fallback unless everything before was set.
    [VAR.next, nextOf(answer)],
  ];
}

/** The dialplan dials by itself, where it asked; it goes to `connect` only when A hears a file before. */
function nextOf(answer: Answer): string {
  return answer.next === 'connect' && answer.playA === '' ? NOT_REACHED : answer.next;
}

function specificVariables(answer: Answer, dialString: DialString, asked: Asked): VariableSetting[] {
  switch (answer.next) {
    case 'prompt':
      return [
        // The prompt's extension is reached by a transfer, and asks.
        ...(isDialledNumber(asked.dialled) ? [[VAR.requestUser, asked.dialled] as const] : []),
        [VAR.keyed, answer.keyed],
        [VAR.attempt, String(answer.attempt)],
        [VAR.promptFailures, String(answer.failures)],
        [VAR.before, answer.before],
        [VAR.prompt, orSilence(answer.prompt)],
        [VAR.maxDigits, String(answer.maxDigits)],
        [VAR.wait, String(answer.waitMs)],
      ];
    case 'connect':
      return [
        ...markVariables('a', answer.marks, asked.keeps),
        ...(answer.note === '' ? [] : [[VAR.note, answer.note] as const]),
        ...callerVariables(answer, asked),
        ...(answer.record === '' ? [] : [[VAR.record, answer.record] as const]),
        ...(answer.playA === '' ? [] : [[VAR.playA, answer.playA] as const]),
        [answer.playA === '' ? VAR.dial : VAR.dialThen, dialString(answer, asked.keeps)],
      ];
    case 'announce':
      return [
        [VAR.announcement, orSilence(answer.announcement)],
        [VAR.cause, answer.cause],
      ];
    case 'refuse':
      return [[VAR.cause, answer.cause]];
    case 'ask-last':
      return [];
  }
}

function orSilence(file: string): string {
  return file === '' ? SILENCE : file;
}

/** Delimiters to choose from; none has a meaning of its own in `multiset`. */
const DELIMITERS = ['~', '|', ';', '!', '#', '&', '*', '`', '"', ',', ':', '<', '>'];

const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * The argument of `multiset` that sets the variables exactly as given.
 *
 * FreeSWITCH reads it three times: expansion of the whole argument (switch_channel.c,
 * switch_channel_expand_variables_check), splitting with quotes and escapes (switch_utils.c,
 * separate_string_char_delim), and expansion of each value (mod_dptools.c, base_set). A quote
 * survives as `\\'`; a backslash and a variable reference do not survive and are refused.
 * @throws AnswerInvalidError naming the variable.
 */
export function multisetArgument(settings: readonly VariableSetting[]): string {
  for (const [name, value] of settings) checkSetting(name, value);
  const delimiter = DELIMITERS.find((char) => settings.every(([, value]) => !value.includes(char)));
  if (delimiter === undefined) throw new AnswerInvalidError('the values leave no delimiter free');
  const items = settings.map(([name, value]) => `${name}=${value.replaceAll("'", "\\\\'")}`);
  return `^^${delimiter}${items.join(delimiter)}`;
}

function checkSetting(name: string, value: string): void {
  if (!/^[a-z][a-z0-9_]*$/i.test(name)) throw new AnswerInvalidError('a variable name is not one');
  if (CONTROL.test(value)) throw new AnswerInvalidError(`${name} holds a control character`);
  if (value.includes('\\')) throw new AnswerInvalidError(`${name} holds a backslash`);
  if (value.includes('${') || value.includes('$$')) throw new AnswerInvalidError(`${name} holds a variable`);
  if (value.startsWith('ARRAY::')) throw new AnswerInvalidError(`${name} would become an array`);
  if (value !== value.trim()) throw new AnswerInvalidError(`${name} begins or ends with a space`);
}
