import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import { SandboxDialplanError } from './errors.js';

export interface XmlNode {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlNode[];
  readonly text: string;
}

const MAX_INCLUDES = 16;

/**
 * Reads a FreeSWITCH XML file as the switch does: `X-PRE-PROCESS` set, env-set and include first, then
 * `$${global}` replaced in the text, then XML with the order of elements preserved.
 *
 * `globals` is added to by `set` and `env-set`.
 * @throws SandboxDialplanError for a file that cannot be read or parsed, an unknown global, or a
 *   preprocessor command that is not simulated.
 */
export function readFreeswitchXml(file: string, globals: Map<string, string>): XmlNode[] {
  return parseFreeswitchXml(preprocess(file, globals, 0), file);
}

/** The elements of a text that has been preprocessed. `file` is named in errors. */
export function parseFreeswitchXml(text: string, file: string): XmlNode[] {
  checkWellFormed(text, file);
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseAttributeValue: false,
    parseTagValue: false,
    trimValues: true,
    htmlEntities: true,
  });
  return nodesOf(parser.parse(text));
}

const TAG = /<(\/?)([A-Za-z][\w:-]*)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/g;

/** The parser forgives a tag that is never closed; FreeSWITCH's does not. */
function checkWellFormed(text: string, file: string): void {
  const open: string[] = [];
  const rest = text
    .replace(/<\?[\s\S]*?\?>|<!--[\s\S]*?-->/g, '')
    .replace(TAG, (_, closing: string, name: string, empty: string) => {
      if (closing !== '' && open.pop() !== name) {
        throw new SandboxDialplanError(`${file}: </${name}> closes something else`);
      }
      if (closing === '' && empty === '') open.push(name);
      return '';
    });
  if (open.length > 0) throw new SandboxDialplanError(`${file}: <${open.join('> <')}> is never closed`);
  if (rest.includes('<')) throw new SandboxDialplanError(`${file}: a tag that cannot be read`);
}

function nodesOf(ordered: unknown): XmlNode[] {
  if (!Array.isArray(ordered)) return [];
  const nodes: XmlNode[] = [];
  for (const item of ordered as Record<string, unknown>[]) {
    const name = Object.keys(item).find((key) => key !== ':@');
    if (name === undefined || name === '#text' || name.startsWith('?')) continue;
    const content = item[name] as Record<string, unknown>[];
    const attributes = (item[':@'] ?? {}) as Record<string, string>;
    const text = content.flatMap((child) => ('#text' in child ? [String(child['#text'])] : [])).join('');
    nodes.push({ name, attributes, children: nodesOf(content), text });
  }
  return nodes;
}

function preprocess(file: string, globals: Map<string, string>, depth: number): string {
  if (depth > MAX_INCLUDES) throw new SandboxDialplanError(`${file}: too many nested includes`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SandboxDialplanError(`${file} cannot be read`, { cause });
  }
  return text
    .replace(/<!--[\s\S]*?-->/g, (comment) => comment.replace(/[^\n]/g, ' '))
    .split('\n')
    .map((line) => preprocessLine(line, file, globals, depth))
    .join('\n');
}

/** The switch's preprocessor works line by line, so that a `set` holds from the next line on. */
function preprocessLine(line: string, file: string, globals: Map<string, string>, depth: number): string {
  const directive = /<X-PRE-PROCESS\s+cmd="([^"]*)"\s+data="([^"]*)"\s*\/>/i.exec(line);
  if (directive === null) {
    if (/<X-PRE-PROCESS/i.test(line)) {
      throw new SandboxDialplanError(`${file}: an X-PRE-PROCESS must stand on one line, cmd before data`);
    }
    return replaceGlobals(line, file, globals);
  }
  const command = directive[1]?.toLowerCase() ?? '';
  const data = replaceGlobals(directive[2] ?? '', file, globals);
  switch (command) {
    case 'set':
    case 'env-set': {
      const equals = data.indexOf('=');
      if (equals < 1) throw new SandboxDialplanError(`${file}: X-PRE-PROCESS ${command} needs name=value`);
      globals.set(data.slice(0, equals), settingOf(command, data.slice(equals + 1), file));
      return '';
    }
    case 'include':
      if (data.includes('*'))
        throw new SandboxDialplanError(`${file}: include of a pattern is not simulated`);
      return preprocess(resolve(dirname(file), data), globals, depth + 1);
    default:
      throw new SandboxDialplanError(`${file}: X-PRE-PROCESS ${command} is not simulated`);
  }
}

function settingOf(command: string, value: string, file: string): string {
  if (command === 'set') return value;
  if (!value.startsWith('$')) throw new SandboxDialplanError(`${file}: env-set needs name=$VARIABLE`);
  return process.env[value.slice(1)] ?? '';
}

function replaceGlobals(line: string, file: string, globals: ReadonlyMap<string, string>): string {
  return line.replace(/\$\$\{([^}]*)\}/g, (_, name: string) => {
    const value = globals.get(name);
    if (value === undefined) throw new SandboxDialplanError(`${file}: the global ${name} is not set`);
    return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
  });
}
