import { connect } from 'node:net';
import { fetch } from 'undici';

import { AddressList } from '../../address-list.js';
import type { Config } from '../../config.js';
import { CDR_PATH, CDR_USER } from '../../freeswitch/cdr-server.js';
import { reasonOf } from '../api-client.js';
import { Check, START_WITH_OURS, type Finding } from './findings.js';
import type { NodeLook } from './node-look.js';

/** What is behind a port of ours. `stranger`: it takes connections, and does not speak as a controller does. */
export type Behind = 'nothing' | 'controller' | 'refusing' | 'stranger' | 'unreachable';

export interface PortFacts {
  readonly http: Behind;
  readonly questions: Behind;
  readonly cdr: Behind;
  /** Whether the controller behind the CDR port takes our QUESTION_SECRET; null when that could not be asked. */
  readonly secretAgrees: boolean | null;
}

const ANSWER_MS = 2_000;
/** Stand for every address of this host. */
const ANY: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

export async function lookAtPorts({ http, questions, cdrPort }: Config): Promise<PortFacts> {
  const [behindHttp, behindQuestions] = await Promise.all([
    httpBehind(urlOf(http.host, http.port)),
    questionsBehind(ANY[questions.host] ?? questions.host, questions.port),
  ]);
  // The secret goes to nobody who does not already behave like a controller.
  const secret = behindQuestions === 'controller' ? questions.secret : null;
  const cdr = await cdrBehind(urlOf(questions.host, cdrPort), secret);
  return { http: behindHttp, questions: behindQuestions, ...cdr };
}

/** Whether what answers there is a controller, by its health. `url` without a trailing slash. */
export async function httpBehind(url: string): Promise<Behind> {
  try {
    const response = await fetch(`${url}/healthz`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return isHealth(await response.text()) ? 'controller' : 'stranger';
  } catch (error) {
    return behindOf(error);
  }
}

function isHealth(text: string): boolean {
  try {
    const health = JSON.parse(text) as Record<string, unknown>;
    return typeof health['api_id'] === 'string' && health['status'] === 'ok';
  } catch {
    return false;
  }
}

/** A controller speaks first there: `connect`. It is left alone then: a question would be a call. */
function questionsBehind(host: string, port: number): Promise<Behind> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let isConnected = false;
    const end = (behind: Behind): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(behind);
    };
    const timer = setTimeout(() => end(isConnected ? 'stranger' : 'unreachable'), ANSWER_MS);
    socket.on('connect', () => (isConnected = true));
    socket.on('data', (chunk) => end(chunk.toString('latin1') === 'connect\n\n' ? 'controller' : 'stranger'));
    socket.on('error', (error) => end(behindOf(error)));
    // A controller does so to hosts that QUESTION_ALLOW does not name; others may, too.
    socket.on('close', () => end('refusing'));
  });
}

/**
 * Nothing is posted: GET is refused in another way for whoever knows the secret (405) than for others (403). It is told
 * only to who refuses as a controller does; null asks without it alone.
 */
async function cdrBehind(
  url: string,
  secret: string | null,
): Promise<Pick<PortFacts, 'cdr' | 'secretAgrees'>> {
  try {
    if ((await cdrStatus(url, {})) !== 403) return { cdr: 'stranger', secretAgrees: null };
    if (secret === null) return { cdr: 'controller', secretAgrees: null };
    const credentials = Buffer.from(`${CDR_USER}:${secret}`).toString('base64');
    const status = await cdrStatus(url, { authorization: `Basic ${credentials}` });
    return { cdr: 'controller', secretAgrees: status === 405 };
  } catch (error) {
    return { cdr: behindOf(error), secretAgrees: null };
  }
}

async function cdrStatus(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const response = await fetch(`${url}${CDR_PATH}`, { headers, redirect: 'manual', signal });
  await response.body?.cancel();
  return response.status;
}

function behindOf(error: unknown): Behind {
  const code = reasonOf(error);
  if (code === 'ECONNREFUSED') return 'nothing';
  // It was there, and did not speak as we do.
  return ['ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EADDRNOTAVAIL'].includes(code)
    ? 'unreachable'
    : 'stranger';
}

function urlOf(host: string, port: number): string {
  const name = ANY[host] ?? host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

export function judgePorts(
  facts: PortFacts | null,
  config: Config,
  unusable: ReadonlySet<string>,
): Finding[] {
  const { http, questions, cdrPort } = config;
  const needsController = facts?.http === 'controller';
  return [
    judgePort('HTTP_PORT', `${http.host}:${http.port}`, facts?.http, false, unusable),
    judgePort(
      'QUESTION_PORT',
      `${questions.host}:${questions.port}`,
      facts?.questions,
      needsController,
      unusable,
    ),
    judgePort('CDR_PORT', `${questions.host}:${cdrPort}`, facts?.cdr, needsController, unusable),
    judgeSecret(facts?.secretAgrees ?? null, unusable),
  ];
}

/** `needed`: a controller runs here, so that the port may not be closed. */
function judgePort(
  variable: string,
  where: string,
  behind: Behind | undefined,
  needed: boolean,
  unusable: ReadonlySet<string>,
): Finding {
  const check = new Check(`port.${variable}`, `${variable} ${where}`);
  if (unusable.has(variable)) return check.skipped(`a ${variable} that can be used`);
  switch (behind) {
    case undefined:
      return check.fail('no answer in time', 'see whether this host is overloaded');
    case 'controller':
      return check.ok('a Maskline controller answers');
    case 'nothing':
      return needed
        ? check.fail(
            'closed, though the controller runs',
            'see /readyz and its log: it closes the port while it cannot answer',
          )
        : check.ok('free: no controller runs here at the moment');
    case 'unreachable':
      return check.fail(
        'that address cannot be reached from here',
        'run this on the controller’s host, or correct its HOST',
      );
    case 'refusing':
      return check.warn(
        'it hangs up on this host at once, as a controller does to those that QUESTION_ALLOW does not name',
        'run this on a host of QUESTION_ALLOW; if no controller runs here, see who has the port (ss -ltnp)',
      );
    case 'stranger':
      return check.fail(
        'another program has it: the controller cannot start',
        `end that program (ss -ltnp shows it), or choose another ${variable}`,
      );
  }
}

function judgeSecret(agrees: boolean | null, unusable: ReadonlySet<string>): Finding {
  const check = new Check('question-secret.controller', 'QUESTION_SECRET of the controller');
  if (unusable.has('QUESTION_SECRET')) return check.skipped('a QUESTION_SECRET that can be used');
  if (agrees === null) return check.skipped('a running controller');
  return agrees
    ? check.ok('the running controller has the same')
    : check.fail(
        'the running controller has another, or QUESTION_ALLOW does not name this host',
        'restart the controller with the settings that are checked here',
      );
}

/** Whether a node asks this controller, with the right secret, and posts its CDRs to it. */
export function judgeAsking(look: NodeLook, config: Config, unusable: ReadonlySet<string>): Finding[] {
  const asks = new Check('questions.hosts', `questions of ${look.endpoint}`);
  const secret = new Check('question-secret.freeswitch', `QUESTION_SECRET of ${look.endpoint}`);
  const posts = new Check('cdrs.hosts', `CDRs of ${look.endpoint}`);
  if (look.trouble !== null) {
    const needs = `the Event Socket of ${look.endpoint}`;
    return [asks.skipped(needs), secret.skipped(needs), posts.skipped(needs)];
  }
  const { question_hosts_NORMAL_TEMPORARY_FAILURE: hosts, question_secret: given } = look.globals;
  return [
    // The name has changed; the secret's has not.
    hosts === undefined && given !== undefined
      ? asks.fail('go to nobody: it was started by a freeswitch/start.sh of another version', START_WITH_OURS)
      : judgeHosts(asks, hosts?.split('|'), config.questions.port, 'QUESTION_HOSTS'),
    judgeTheirSecret(secret, given, look, config, unusable),
    judgeHosts(
      posts,
      look.cdrs.urls.map((url) => url.replace(/^http:\/\//, '').replace(/\/.*$/, '')),
      config.cdrPort,
      'CDR_HOSTS',
    ),
    ...judgeAllowed(look.host, config),
  ];
}

function judgeHosts(
  check: Check,
  hosts: readonly string[] | undefined,
  port: number,
  variable: string,
): Finding {
  if (hosts === undefined || hosts.length === 0)
    return check.skipped('a FreeSWITCH started by freeswitch/start.sh');
  return hosts.some((host) => host.endsWith(`:${port}`))
    ? check.ok(`go to ${hosts.join(', then ')}`)
    : check.fail(
        `go to ${hosts.join(', then ')}: none is port ${port}`,
        `set ${variable} of FreeSWITCH to this controller, and restart it`,
      );
}

function judgeTheirSecret(
  check: Check,
  given: string | undefined,
  { cdrs }: { cdrs: { credentials: string } },
  config: Config,
  unusable: ReadonlySet<string>,
): Finding {
  if (unusable.has('QUESTION_SECRET')) return check.skipped('a QUESTION_SECRET that can be used');
  if (given === undefined) return check.skipped('a FreeSWITCH started by freeswitch/start.sh');
  const posted = cdrs.credentials === '' || cdrs.credentials === `${CDR_USER}:${config.questions.secret}`;
  return given === config.questions.secret && posted
    ? check.ok('FreeSWITCH has the same')
    : check.fail('FreeSWITCH has another: its questions are refused', 'start both with one QUESTION_SECRET');
}

/** Only addresses can be looked up in the list; a name may lead anywhere. */
function judgeAllowed(host: string, config: Config): Finding[] {
  const check = new Check('questions.allowed', `QUESTION_ALLOW for ${host}`);
  if (!/^[\d.]+$|:/.test(host)) return [];
  return new AddressList(config.questions.allow).includes(host)
    ? []
    : [check.fail('it is not on the list: its questions are refused', `add ${host} to QUESTION_ALLOW`)];
}
