import { createHash, randomBytes } from 'node:crypto';
import type { SipAgent, SipMessage } from './sip-agent.js';
import { headerOf } from './sip-messages.js';

const token = (): string => randomBytes(6).toString('hex');

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export interface SipCallPlan {
  /** Where FreeSWITCH listens. */
  readonly port: number;
  readonly to: string;
  /** User part of the request URI, where it is not that of To. */
  readonly requestUser?: string;
  /** User part of From and Contact. */
  readonly from: string;
  readonly rtpPort?: number;
  readonly credentials?: Credentials;
  /** Further headers of the INVITE. */
  readonly headers?: readonly string[];
  /** Further lines of its SDP. */
  readonly sdpLines?: readonly string[];
  /** Offers SRTP, with this as the value of a=crypto. */
  readonly crypto?: string;
}

interface Ends {
  readonly local: string;
  readonly remote: string;
  readonly callId: string;
  /** The far end's Contact: where requests in the dialog go. */
  readonly target: string;
  readonly port: number;
  readonly user: string;
}

/** A dialog of an agent (RFC 3261, 12): enough to call, to be called, and to misbehave. */
export class SipDialog {
  readonly #agent: SipAgent;
  readonly #ends: Ends;
  #cseq: number;

  constructor(agent: SipAgent, ends: Ends, cseq: number) {
    this.#agent = agent;
    this.#ends = ends;
    this.#cseq = cseq;
  }

  /** Sends a request within the dialog and answers its final response. */
  async request(method: string, headers: readonly string[] = [], body = ''): Promise<SipMessage> {
    this.#cseq += 1;
    const cseq = `${this.#cseq} ${method}`;
    this.#send(method, cseq, headers, body);
    const final = await this.#agent.finalResponse(this.#ends.callId, cseq);
    if (method === 'INVITE' && final.status === 200) this.#send('ACK', `${this.#cseq} ACK`);
    return final;
  }

  async hangUp(): Promise<void> {
    await this.request('BYE');
  }

  #send(method: string, cseq: string, headers: readonly string[] = [], body = ''): void {
    const { local, remote, callId, target, port, user } = this.#ends;
    const agent = this.#agent;
    const lines = [
      `${method} ${target} SIP/2.0`,
      agent.via(),
      `From: ${local}`,
      `To: ${remote}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq}`,
      'Max-Forwards: 70',
      agent.contact(user),
      ...headers,
    ];
    agent.send(lines, port, body);
  }
}

/** Places a call and answers its final response, with the dialog when it was answered. */
export async function placeSipCall(
  agent: SipAgent,
  plan: SipCallPlan,
): Promise<{ final: SipMessage; dialog: SipDialog | null }> {
  const to = `<sip:${plan.to}@${agent.server}:${plan.port}>`;
  const uri = `sip:${plan.requestUser ?? plan.to}@${agent.server}:${plan.port}`;
  const local = `<sip:${plan.from}@carrier.example>;tag=${token()}`;
  const callId = token();
  const invite = (cseq: number, branch: string, authorization: readonly string[]): void => {
    const lines = head('INVITE', uri, agent.via(branch), local, to, callId, cseq);
    const contact = agent.contact(plan.from);
    agent.send(
      [...lines, contact, ...authorization, ...(plan.headers ?? []), SDP],
      plan.port,
      sdp(agent, plan),
    );
  };
  const acknowledge = (final: SipMessage, cseq: number, branch: string): void => {
    const remote = headerOf(final.text, 'To');
    agent.send(head('ACK', uri, agent.via(branch), local, remote, callId, cseq), plan.port);
  };
  let cseq = 1;
  let branch = `z9hG4bK${token()}`;
  invite(cseq, branch, []);
  let final = await agent.finalResponse(callId, '1 INVITE');
  if (plan.credentials !== undefined && (final.status === 401 || final.status === 407)) {
    acknowledge(final, cseq, branch);
    const answer = authorization(final, 'INVITE', uri, plan.credentials);
    cseq += 1;
    branch = `z9hG4bK${token()}`;
    invite(cseq, branch, [answer]);
    final = await agent.finalResponse(callId, `${cseq} INVITE`);
  }
  const answered = final.status === 200;
  acknowledge(final, cseq, answered ? `z9hG4bK${token()}` : branch);
  if (!answered) return { final, dialog: null };
  const ends: Ends = {
    local,
    remote: headerOf(final.text, 'To'),
    callId,
    target: contactOf(final),
    port: plan.port,
    user: plan.from,
  };
  return { final, dialog: new SipDialog(agent, ends, cseq) };
}

export interface SipAnswerPlan {
  readonly user: string;
  readonly rtpPort?: number;
  /** What happens between 180 and 200. */
  readonly whileRinging?: () => Promise<void>;
  /** Further headers of its answers. */
  readonly headers?: readonly string[];
  /** What a=crypto of the answer is, when SRTP is offered; null to answer without. */
  readonly crypto?: (offer: string) => string | null;
  /** Further lines of its SDP. */
  readonly sdpLines?: readonly string[];
}

/** Waits for a call, rings, answers it, and waits until that is acknowledged. */
export async function answerSipCall(
  agent: SipAgent,
  options: SipAnswerPlan,
): Promise<{ invite: SipMessage; dialog: SipDialog }> {
  const invite = await agent.request('INVITE');
  const tag = token();
  const own = [agent.contact(options.user), ...(options.headers ?? [])];
  agent.respond(invite, '180 Ringing', tag, own);
  await options.whileRinging?.();
  const crypto = options.crypto?.(invite.text) ?? null;
  const description = sdp(agent, {
    user: options.user,
    ...(options.rtpPort === undefined ? {} : { rtpPort: options.rtpPort }),
    ...(crypto === null ? {} : { crypto }),
  });
  agent.respond(invite, '200 OK', tag, [...own, SDP], description);
  await agent.request('ACK');
  const ends: Ends = {
    local: `${headerOf(invite.text, 'To')};tag=${tag}`,
    remote: headerOf(invite.text, 'From'),
    callId: invite.callId,
    target: contactOf(invite),
    port: invite.port,
    user: options.user,
  };
  return { invite, dialog: new SipDialog(agent, ends, 0) };
}

/** Registers the agent, for no time to end it. Answers the last final response, a challenge answered. */
export async function register(
  agent: SipAgent,
  port: number,
  user: string,
  credentials: Credentials,
  seconds = 3600,
): Promise<SipMessage> {
  const uri = `sip:${agent.server}:${port}`;
  const local = `<sip:${user}@${agent.server}>`;
  const callId = token();
  const send = (cseq: number, more: readonly string[]): Promise<SipMessage> => {
    const lines = head('REGISTER', uri, agent.via(), `${local};tag=${token()}`, local, callId, cseq);
    const contact = agent.contact(user);
    agent.send([...lines, contact, `Expires: ${seconds}`, ...more], port);
    return agent.finalResponse(callId, `${cseq} REGISTER`);
  };
  const first = await send(1, []);
  return first.status === 401 ? send(2, [authorization(first, 'REGISTER', uri, credentials)]) : first;
}

const SDP = 'Content-Type: application/sdp';

/** A description of an agent's audio. `direction` as in RFC 4566: `sendonly` puts the far end on hold. */
export function sdp(
  agent: SipAgent,
  options: {
    rtpPort?: number;
    from?: string;
    user?: string;
    direction?: string;
    sdpLines?: readonly string[];
    crypto?: string;
  },
): string {
  const name = (options.from ?? options.user ?? '-').replace(/\W/g, '');
  const lines = [
    'v=0',
    `o=${name} 1 ${Date.now()} IN IP4 ${agent.address}`,
    `s=${name}`,
    `c=IN IP4 ${agent.address}`,
    't=0 0',
    `m=audio ${options.rtpPort ?? 9} ${options.crypto === undefined ? 'RTP/AVP' : 'RTP/SAVP'} 0 101`,
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    `a=${options.direction ?? 'sendrecv'}`,
    ...(options.crypto === undefined ? [] : [`a=crypto:${options.crypto}`]),
    ...(options.sdpLines ?? []),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** Where the sender of a message wants its audio. */
export function mediaPortIn(text: string): number {
  const port = /^m=audio (\d+) /m.exec(text)?.[1];
  if (port === undefined) throw new Error(`no audio in:\n${text}`);
  return Number(port);
}

function head(
  method: string,
  uri: string,
  via: string,
  from: string,
  to: string,
  callId: string,
  cseq: number,
): string[] {
  return [
    `${method} ${uri} SIP/2.0`,
    via,
    `From: ${from}`,
    `To: ${to}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    'Max-Forwards: 70',
  ];
}

function contactOf(message: SipMessage): string {
  const uri = /<([^>]+)>/.exec(headerOf(message.text, 'Contact'))?.[1];
  if (uri === undefined) throw new Error(`no Contact in:\n${message.text}`);
  return uri;
}

/** The header that answers a digest challenge with qop=auth (RFC 2617, 3.2.2). */
function authorization(challenge: SipMessage, method: string, uri: string, who: Credentials): string {
  const proxy = challenge.status === 407;
  const wanted = headerOf(challenge.text, proxy ? 'Proxy-Authenticate' : 'WWW-Authenticate');
  const field = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(wanted)?.[1] ?? '';
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
  const [realm, nonce, cnonce] = [field('realm'), field('nonce'), token()];
  const ha1 = md5(`${who.user}:${realm}:${who.password}`);
  const response = md5(`${ha1}:${nonce}:00000001:${cnonce}:auth:${md5(`${method}:${uri}`)}`);
  const fields = [
    `username="${who.user}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${uri}"`,
    `response="${response}"`,
    'algorithm=MD5',
    `cnonce="${cnonce}"`,
    'qop=auth',
    'nc=00000001',
  ];
  return `${proxy ? 'Proxy-Authorization' : 'Authorization'}: Digest ${fields.join(', ')}`;
}
