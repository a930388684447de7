import { phraseOf, type Cause, causeNumber } from './freeswitch/causes.js';

export type SipHeader = readonly [name: string, value: string];

const SDP = [
  'v=0',
  'o=FreeSWITCH 1 1 IN IP4 127.0.0.1',
  's=FreeSWITCH',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 16384 RTP/AVP 0 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:101 telephone-event/8000',
  '',
].join('\r\n');

function message(start: string, headers: readonly SipHeader[], body = ''): string {
  const all: SipHeader[] = [...headers];
  if (body !== '') all.push(['Content-Type', 'application/sdp']);
  all.push(['Content-Length', String(Buffer.byteLength(body))]);
  return `${start}\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

function common(callId: string, method: string): SipHeader[] {
  return [
    ['Via', 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-sandbox'],
    ['Call-ID', callId],
    ['CSeq', `1 ${method}`],
  ];
}

/** The INVITE that a called phone gets, as text that a privacy scan can be run on. */
export function inviteText(
  callId: string,
  user: string,
  caller: { number: string; name: string },
  headers: readonly SipHeader[],
): string {
  const host = 'sandbox.example';
  return message(
    `INVITE sip:${user}@${host} SIP/2.0`,
    [
      ...common(callId, 'INVITE'),
      ['From', `"${caller.name}" <sip:${caller.number}@${host}>;tag=sandbox`],
      ['To', `<sip:${user}@${host}>`],
      ['Contact', `<sip:mod_sofia@${host}>`],
      ['User-Agent', 'Maskline'],
      ...headers,
    ],
    SDP,
  );
}

/** A response that a calling phone gets. The switch says nothing of the other party in it. */
export function responseText(callId: string, status: number, cause?: Cause): string {
  const headers = common(callId, 'INVITE');
  if (cause !== undefined) headers.push(reason(cause));
  return message(
    `SIP/2.0 ${status} ${phraseOf(status)}`,
    headers,
    status === 183 || status === 200 ? SDP : '',
  );
}

/** BYE or CANCEL from the switch. */
export function requestText(method: 'BYE' | 'CANCEL' | 'ACK', callId: string, cause?: Cause): string {
  const headers = common(callId, method);
  if (cause !== undefined) headers.push(reason(cause));
  return message(`${method} sip:phone@sandbox.example SIP/2.0`, headers);
}

function reason(cause: Cause): SipHeader {
  const number = causeNumber(cause);
  const protocol = number > 0 && number < 128 ? 'Q.850' : 'SIP';
  return ['Reason', `${protocol};cause=${number};text="${cause}"`];
}
