import { join } from 'node:path';
import type { LoggedMessage } from '../e2e/helpers/sip-messages.js';
import { freeUdpPort, Sipp, SippPhones } from '../e2e/helpers/sipp.js';

const ADDRESS = '127.0.0.1';
const RUN_LIMIT_SECONDS = 30;

const VIA = 'Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]';
/** The acknowledgement of a refusal belongs to the request three messages before it. */
const VIA_OF_REFUSED = VIA.replace('[branch]', '[branch-3]');
const SERVER = '[remote_ip]:[remote_port]';
const EMPTY = 'Content-Length: 0';
const SDP = [
  'Content-Type: application/sdp',
  'Content-Length: [len]',
  '',
  'v=0',
  'o=phone 53655765 2353687637 IN IP[local_ip_type] [local_ip]',
  's=phone',
  'c=IN IP[media_ip_type] [media_ip]',
  't=0 0',
  'm=audio [media_port] RTP/AVP 0',
  'a=rtpmap:0 PCMU/8000',
];

/** A softphone account on the stack under test. */
export interface Account {
  /** Digits; also the user name. */
  readonly user: string;
  readonly password: string;
  readonly serverPort: number;
}

const send = (lines: readonly string[]): string => `<send><![CDATA[\n\n${lines.join('\n')}\n\n]]></send>`;
const scenario = (parts: readonly string[]): string =>
  `<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="softphone">\n${parts.join('\n')}\n</scenario>\n`;

const credentials = ({ user, password }: Account): string =>
  `[authentication username=${user} password=${password}]`;

/** A SIP phone that registers with digest authentication, and then calls or is called. SIPp plays it. */
export class Softphone {
  readonly #account: Account;
  readonly #folder: string;
  readonly #port: number;

  private constructor(account: Account, folder: string, port: number) {
    this.#account = account;
    this.#folder = folder;
    this.#port = port;
  }

  /** Throws when the server does not take the registration. */
  static async register(account: Account, folder: string): Promise<Softphone> {
    const phone = new Softphone(account, folder, await freeUdpPort());
    const messages = await phone.#run('register', registration(account));
    if (!messages.some(({ text }) => /^SIP\/2\.0 200 /.test(text))) {
      throw new Error(`${account.user} was not registered: see ${folder}`);
    }
    return phone;
  }

  /** Rings for a short while, answers, and stays until the other side hangs up. */
  answering(): Promise<SippPhones> {
    const phones = new Map([[this.#account.user, { kind: 'answer', afterMs: 200 } as const]]);
    return SippPhones.start(join(this.#folder, 'answer'), this.#port, phones);
  }

  /** Dials `digits`, talks for `talkMs` milliseconds once answered, and hangs up. */
  call(digits: string, talkMs: number): Promise<LoggedMessage[]> {
    return this.#run('call', conversation(this.#account, digits, talkMs));
  }

  async #run(name: string, text: string): Promise<LoggedMessage[]> {
    const sipp = await Sipp.start(join(this.#folder, name), text, `${ADDRESS}:${this.#account.serverPort}`, [
      ...['-m', '1', '-p', String(this.#port), '-mp', String(this.#port + 2)],
      ...['-timeout', `${RUN_LIMIT_SECONDS}s`],
    ]);
    await sipp.exited;
    return sipp.messages();
  }
}

function registration(account: Account): string {
  const { user } = account;
  const request = (cseq: number, more: readonly string[]): string =>
    send([
      `REGISTER sip:${SERVER} SIP/2.0`,
      VIA,
      `From: <sip:${user}@${SERVER}>;tag=[pid]register[call_number]`,
      `To: <sip:${user}@${SERVER}>`,
      'Call-ID: [call_id]',
      `CSeq: ${cseq} REGISTER`,
      `Contact: <sip:${user}@[local_ip]:[local_port]>`,
      'Expires: 300',
      'Max-Forwards: 70',
      ...more,
      EMPTY,
    ]);
  return scenario([
    request(1, []),
    '<recv response="401" auth="true"/>',
    request(2, [credentials(account)]),
    '<recv response="100" optional="true"/>',
    '<recv response="200"/>',
  ]);
}

function conversation(account: Account, digits: string, talkMs: number): string {
  const { user } = account;
  const dialled = `To: <sip:${digits}@${SERVER}>`;
  // SIPp's own record of the peer's tag is that of the challenge, so the last answer's is taken.
  const request = (method: string, cseq: number, more: readonly string[], to = '[last_To:]'): string =>
    send([
      `${method} sip:${digits}@${SERVER} SIP/2.0`,
      VIA,
      `From: <sip:${user}@${SERVER}>;tag=[pid]call[call_number]`,
      to,
      'Call-ID: [call_id]',
      `CSeq: ${cseq} ${method}`,
      `Contact: <sip:${user}@[local_ip]:[local_port]>`,
      'Max-Forwards: 70',
      ...more,
    ]);
  const invite = (cseq: number, more: readonly string[]): string =>
    request('INVITE', cseq, [...more, ...SDP], dialled);
  return scenario([
    invite(1, []),
    '<recv response="100" optional="true"/>',
    '<recv response="407" auth="true"/>',
    request('ACK', 1, [EMPTY]).replace(VIA, VIA_OF_REFUSED),
    invite(2, [credentials(account)]),
    '<recv response="100" optional="true"/>',
    '<recv response="180" optional="true"/>',
    '<recv response="183" optional="true"/>',
    '<recv response="200" rrs="true"/>',
    request('ACK', 2, [EMPTY]),
    `<pause milliseconds="${talkMs}"/>`,
    request('BYE', 3, [EMPTY]),
    '<recv response="200"/>',
  ]);
}
