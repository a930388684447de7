/** FreeSWITCH's ways with strings, taken from switch_utils.c and switch_channel.c because they show. */

/** switch_true: what counts as yes. */
export function isTrue(text: string | undefined): boolean {
  if (text === undefined || text === '') return false;
  if (/^(yes|on|true|t|enabled|active|allow)$/i.test(text)) return true;
  return /^[+-]?\d+$/.test(text) && Number(text) !== 0;
}

/** switch_false. */
export function isFalse(text: string | undefined): boolean {
  if (text === undefined || text === '') return false;
  if (/^(no|off|false|f|disabled|inactive|disallow)$/i.test(text)) return true;
  return /^[+-]?0+$/.test(text);
}

/** atoi: leading digits, 0 when there are none. */
export function atoi(text: string | undefined): number {
  const match = /^\s*([+-]?\d+)/.exec(text ?? '');
  return match?.[1] === undefined ? 0 : Number(match[1]);
}

/** switch_separate_string: splits at `delimiter` outside single quotes, unquotes and unescapes the parts. */
export function separate(text: string, delimiter: string, limit = Number.MAX_SAFE_INTEGER): string[] {
  let buffer = text;
  let delim = delimiter;
  if (buffer.startsWith('^^') && buffer.length >= 4) {
    delim = buffer.charAt(2);
    buffer = buffer.slice(3);
  }
  const parts = delim === ' ' ? splitAtBlanks(buffer, limit) : splitAtChar(buffer, delim, limit);
  return parts.map((part) => cleanUp(part, delim === ' ' ? '' : delim));
}

function splitAtChar(text: string, delim: string, limit: number): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  // An empty string, or nothing after the last delimiter, makes no part.
  while (start < text.length && parts.length < limit) {
    let at = start;
    let found = -1;
    // The last part that is wanted takes all that is left.
    if (parts.length === limit - 1) at = text.length;
    for (; at < text.length; at += 1) {
      const char = text.charAt(at);
      if (char === '\\') at += 1;
      else if (char === "'" && (quoted || text.includes("'", at + 1))) quoted = !quoted;
      else if (char === delim && !quoted) {
        found = at;
        break;
      }
    }
    parts.push(text.slice(start, found < 0 ? text.length : found));
    if (found < 0) break;
    start = found + 1;
  }
  return parts;
}

function splitAtBlanks(text: string, limit: number): string[] {
  const parts: string[] = [];
  let at = 0;
  while (at < text.length && parts.length < limit) {
    while (text.charAt(at) === ' ') at += 1;
    const start = at;
    let quoted = false;
    if (parts.length === limit - 1) at = text.length;
    for (; at < text.length; at += 1) {
      const char = text.charAt(at);
      if (char === '\\') at += 1;
      else if (char === "'") quoted = !quoted;
      else if (char === ' ' && !quoted) break;
    }
    parts.push(text.slice(start, at));
    while (text.charAt(at) === ' ') at += 1;
  }
  return parts;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', s: ' ' };

/** cleanup_separated_string: strips blanks at both ends, quotes and escapes. */
function cleanUp(text: string, delim: string): string {
  let out = '';
  let end = 0;
  let quoted = false;
  let at = 0;
  while (text.charAt(at) === ' ') at += 1;
  for (; at < text.length; at += 1) {
    const char = text.charAt(at);
    const next = text.charAt(at + 1);
    if (char === '\\' && next !== '') {
      const escaped =
        next === "'" || next === '"' || next === '\\' || (delim !== '' && next === delim)
          ? next
          : ESCAPES[next];
      if (escaped !== undefined) {
        out += escaped;
        end = out.length;
        at += 1;
        continue;
      }
    }
    if (char === "'" && (quoted || text.includes("'", at + 1))) {
      quoted = !quoted;
      if (quoted) end = out.length;
    } else {
      out += char;
      if (char !== ' ' || quoted) end = out.length;
    }
  }
  return out.slice(0, end);
}

/** Position of the bracket that closes the one at `start`, or -1 (switch_find_end_paren). */
export function closingBracket(text: string, start: number, open: string, close: string): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text.charAt(at) === open) depth += 1;
    else if (text.charAt(at) === close) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return -1;
}

/** True when a value holds a reference to a variable, which makes a checked set refuse it. */
export function holdsVariable(text: string): boolean {
  return text.includes('${');
}

const DENIED = '<API Execute Permission Denied>';

/**
 * switch_channel_expand_variables: `${name}`, `${name:offset:length}`, nested references, `\$`, `\'`
 * and `\\`. A call of an API (`${name(...)}`, `${name ...}`) gives FreeSWITCH's refusal: our
 * switch.conf.xml sets api-expansion=false.
 */
export function expand(text: string, lookUp: (name: string) => string | undefined, depth = 0): string {
  if (depth > 100 || !(text.includes('${') || /\\[\\ns']/.test(text))) return text;
  let out = '';
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    const next = text.charAt(at + 1);
    if (char === '\\' && next === '$') {
      out += '$';
      at += 2;
    } else if (char === '\\' && next === "'") {
      at += 2;
    } else if (char === '\\' && next === '\\') {
      out += '\\';
      at += 2;
    } else if (char === '$' && (next === '{' || text.startsWith('$${', at))) {
      const open = text.indexOf('{', at);
      const close = closingBracket(text, open, '{', '}');
      const end = close < 0 ? text.length : close;
      out += reference(text.slice(open + 1, end), lookUp, depth);
      at = end + 1;
      // What follows a reference is copied as it stands, unless another one begins there.
      if (at < text.length && text.charAt(at) !== '$') {
        out += text.charAt(at);
        at += 1;
      }
    } else {
      out += char;
      at += 1;
    }
  }
  return out;
}

function reference(content: string, lookUp: (name: string) => string | undefined, depth: number): string {
  if (/[ (]/.test(content)) return DENIED;
  const [name = '', offsetText, lengthText] = expand(content, lookUp, depth + 1).split(':');
  const found = lookUp(name);
  if (found === undefined) return '';
  const value = expand(found, lookUp, depth + 1);
  const offset = atoi(offsetText);
  const length = atoi(lengthText);
  const from = offset >= 0 ? value.slice(offset) : -offset <= value.length ? value.slice(offset) : value;
  return length > 0 ? from.slice(0, length) : from;
}

/**
 * `%[name=value,…]rest`: variables for one application, before its argument (switch_core_session_exec).
 * Without them all of the argument is the rest.
 */
export function scopedVariables(argument: string): {
  scoped: ReadonlyMap<string, string>;
  rest: string;
} {
  const match = /^%([^[])?\[([^\]]*)\](.*)$/s.exec(argument);
  if (match === null) return { scoped: new Map(), rest: argument };
  const [, delimiter = ',', list = '', rest = ''] = match;
  const scoped = new Map<string, string>();
  for (const item of separate(list, delimiter)) {
    const at = item.indexOf('=');
    if (at > 0) scoped.set(item.slice(0, at), item.slice(at + 1));
  }
  return { scoped, rest };
}
