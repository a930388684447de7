import { SandboxUnsupportedError } from './errors.js';
import { closingBracket, separate } from './text.js';

export type DialVariable = readonly [name: string, value: string];

/** One leg to try: what stands in `[]`, and the endpoint. */
export interface DialLeg {
  readonly variables: readonly DialVariable[];
  /** Channel type: `sofia`. */
  readonly type: string;
  /** What follows the type: `gateway/<trunk>/<number>`. */
  readonly address: string;
}

export interface DialString {
  /** Variables in `{}`. They win over those in `[]` (switch_ivr_originate.c, local_var_clobber). */
  readonly variables: readonly DialVariable[];
  /** Alternatives between `|`, in order. */
  readonly legs: readonly DialLeg[];
}

/** Thrown for what FreeSWITCH itself cannot parse; originate then fails. */
export class DialStringSyntaxError extends Error {}

/**
 * Parses the argument of `bridge` and `originate` (switch_ivr_originate.c, switch_event_create_brackets).
 *
 * @throws DialStringSyntaxError where FreeSWITCH logs "Parse Error!".
 * @throws SandboxUnsupportedError for several legs at once (`,`, `:_:`), which are not simulated.
 */
export function parseDialString(text: string): DialString {
  if (text.includes(':_:')) throw new SandboxUnsupportedError('enterprise originate is not simulated');
  let rest = text.trimStart();
  if (rest.startsWith('<')) throw new SandboxUnsupportedError('<> variables are not simulated');
  const variables: DialVariable[] = [];
  while (rest.startsWith('{')) {
    const block = takeBlock(rest, '{', '}');
    variables.push(...block.variables);
    rest = block.rest;
  }
  rest = rest.trimStart();
  if (rest === '') throw new DialStringSyntaxError('no origination URL specified');
  return { variables, legs: splitOutside(rest, '|').map(parseLeg) };
}

function parseLeg(text: string): DialLeg {
  if (splitOutside(text, ',').length > 1) {
    throw new SandboxUnsupportedError('several legs rung at once are not simulated');
  }
  let rest = text.trimStart();
  const variables: DialVariable[] = [];
  while (rest.startsWith('[')) {
    const block = takeBlock(rest, '[', ']');
    variables.push(...block.variables);
    rest = block.rest;
  }
  rest = rest.trimStart();
  const slash = rest.indexOf('/');
  return {
    variables,
    type: slash < 0 ? rest : rest.slice(0, slash),
    address: slash < 0 ? '' : rest.slice(slash + 1),
  };
}

/** Reads one `{...}` or `[...]`; `^^:` at its beginning makes `:` the delimiter. */
function takeBlock(text: string, open: string, close: string): { variables: DialVariable[]; rest: string } {
  const end = closingBracket(text, 0, open, close);
  if (end < 0) throw new DialStringSyntaxError(`${open} is never closed`);
  let content = text.slice(1, end);
  let delimiter = ',';
  if (content.startsWith('^^')) {
    delimiter = content.charAt(2);
    content = content.slice(3);
  }
  const variables = separate(content, delimiter).flatMap((item): DialVariable[] => {
    const [name, value] = separate(item, '=', 2);
    return name === undefined || value === undefined ? [] : [[name, value]];
  });
  return { variables, rest: text.slice(end + 1) };
}

/** Splits at a character that stands neither in `[]` nor in quotes. */
function splitOutside(text: string, char: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const here = text.charAt(at);
    if (here === '[') depth += 1;
    else if (here === ']') depth -= 1;
    else if (here === "'") quoted = !quoted;
    else if (here === char && depth === 0 && !quoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

/** True when `fail_on_single_reject` makes this cause end the whole attempt (switch_ivr_originate.c:4164). */
export function isFatalReject(list: string, cause: string): boolean {
  if (list === '') return false;
  if (/^(yes|on|true|t|enabled|active|allow)$/i.test(list)) return true;
  // FreeSWITCH looks the cause up as a substring of the list; `!` turns the answer round.
  const named = list.toUpperCase().includes(cause);
  return list.startsWith('!') ? !named : named;
}
