import { formsOf } from '../helpers/traces.js';
import { placeAuditCalls, type AuditCalls } from './calls.js';
import type { NamedText, RunningStack } from './running-stack.js';
import { contentsOfRedis } from './store-scan.js';

/** One line of the report. */
export interface Check {
  readonly area: 'wire' | 'log' | 'store' | 'files' | 'API';
  readonly what: string;
  /** How much was looked at, with its unit. */
  readonly looked: string;
  readonly passed: boolean;
  /** What was found, and where; "" when nothing was. A number is told by its last two digits. */
  readonly found: string;
}

/** Milliseconds within which a CDR is taken from the folder. */
const CDRS_TAKEN_MS = 30_000;
/** Names of files that FreeSWITCH and the controllers choose: ids and hashes, never anything a person brought. */
const HARMLESS_NAME =
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(wav|mp3|cdr\.json|json)$|^[0-9a-f]{64}\.\w+$/;

interface Secret {
  readonly name: string;
  readonly forms: readonly string[];
}

/** Places calls through a running stack and looks for traces of the people in everything that it leaves behind. */
export async function verifyPrivacy(
  stack: RunningStack,
  progress: (what: string) => void,
): Promise<readonly Check[]> {
  const seen = await placeAuditCalls(stack, progress);
  const secrets = secretsOf(seen);
  const checks: Check[] = [];
  for (const call of seen.calls) {
    checks.push(
      onTheWire(`${call.name}: caller's phone`, call.toCaller, call.hiddenFromCaller),
      onTheWire(`${call.name}: called phone`, call.toCalled, call.hiddenFromCalled),
    );
  }
  for (const { what, text } of seen.refusals) checks.push(inText('API', `refusal of ${what}`, text, secrets));
  progress('logs');
  for (const { name, text } of await stack.logs()) checks.push(inText('log', name, text, secrets));
  progress('Redis');
  checks.push(await inRedis(stack.redisUrl, secrets));
  for (const { name, text } of await stack.filesOfRedis()) checks.push(inText('store', name, text, secrets));
  progress('files');
  return [...checks, ...(await inFolders(stack, secrets))];
}

function secretsOf({ numbers, pins }: AuditCalls): readonly Secret[] {
  return [
    ...numbers.map((number) => ({ name: `number …${number.slice(-2)}`, forms: formsOf(number) })),
    ...pins.map((pin, index) => ({ name: `PIN ${index + 1}`, forms: [pin] })),
  ];
}

function onTheWire(what: string, received: string, hidden: readonly string[]): Check {
  const messages = received === '' ? 0 : received.split(/\r?\n\r?\n(?=[A-Z]+ |SIP\/2\.0 )/).length;
  const secrets = hidden.map((number) => ({ name: `number …${number.slice(-2)}`, forms: formsOf(number) }));
  const found = firstIn(received, secrets);
  return { area: 'wire', what, looked: `${messages} messages`, ...verdict(found, messages > 0) };
}

function inText(area: Check['area'], what: string, text: string, secrets: readonly Secret[]): Check {
  const kib = Math.ceil(text.length / 1024);
  return { area, what, looked: `${kib} KiB`, ...verdict(firstIn(text, secrets), text.length > 0) };
}

async function inRedis(url: string, secrets: readonly Secret[]): Promise<Check> {
  let keys = 0;
  let found = '';
  for await (const { text } of contentsOfRedis(url)) {
    keys += 1;
    if (found === '') found = firstIn(text, secrets);
  }
  return {
    area: 'store',
    what: 'every key and value of Redis',
    looked: `${keys} keys`,
    ...verdict(found, keys > 0),
  };
}

async function inFolders(stack: RunningStack, secrets: readonly Secret[]): Promise<readonly Check[]> {
  const deadline = Date.now() + CDRS_TAKEN_MS;
  let folders = await stack.folders();
  const left = (): number => folders.find(({ name }) => name === 'CDR_DIR')?.names.filter(isCdr).length ?? 0;
  while (left() > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    folders = await stack.folders();
  }
  const checks = folders
    .filter(({ name }) => name !== 'CDR_DIR')
    .map(({ name, names }): Check => {
      const odd = names.find((file) => !HARMLESS_NAME.test(file) && /\d{5}/.test(file));
      const found =
        firstIn(names.join('\n'), secrets) || (odd === undefined ? '' : 'a name that is no id and no hash');
      // The calls were recorded; prompts by URL are there only where sessions have some.
      const something = name !== 'RECORDINGS_DIR' || names.length > 0;
      return {
        area: 'files',
        what: `names in ${name}`,
        looked: `${names.length} files`,
        ...verdict(found, something),
      };
    });
  const cdrs = left();
  const rest =
    cdrs === 0
      ? ''
      : `${cdrs} CDRs, which hold real numbers, were not taken within ${CDRS_TAKEN_MS / 1000} s`;
  return [
    ...checks,
    { area: 'files', what: 'CDRs left in CDR_DIR', looked: `${cdrs} files`, ...verdict(rest, true) },
  ];
}

const isCdr = (name: string): boolean => name.endsWith('.json');

/** What stands first in the text of all that may not stand there, with its line; "" for nothing. */
function firstIn(text: NamedText['text'], secrets: readonly Secret[]): string {
  for (const { name, forms } of secrets) {
    for (const form of forms) {
      const at = text.indexOf(form);
      if (at >= 0)
        return `${name} in line ${text.slice(0, at).split('\n').length}: ${surroundings(text, at, secrets)}`;
    }
  }
  return '';
}

/** The beginning of the line at `at`, with everything hidden that this report may not show either. */
function surroundings(text: string, at: number, secrets: readonly Secret[]): string {
  const from = text.lastIndexOf('\n', at) + 1;
  let line = text.slice(from, Math.min(text.length, at + 40)).split('\n', 1)[0] ?? '';
  for (const { name, forms } of secrets) for (const form of forms) line = line.replaceAll(form, `<${name}>`);
  // A number that was cut in two by the end of the excerpt.
  return line
    .replace(/\d{4,}/g, '…')
    .slice(0, 120)
    .trim();
}

/** Nothing to look at is no pass. */
function verdict(found: string, something: boolean): Pick<Check, 'passed' | 'found'> {
  if (found !== '') return { passed: false, found };
  return something ? { passed: true, found: '' } : { passed: false, found: 'there was nothing to look at' };
}
