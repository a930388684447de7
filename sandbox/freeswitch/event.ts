import type { VariableValue } from './variables.js';

/** An event's headers, in order. A list is an array in JSON and `ARRAY::a|:b` in plain text. */
export type EventHeaders = Map<string, VariableValue>;

/** What every event says of the node that it comes from. */
export interface NodeIdentity {
  readonly coreUuid: string;
  readonly hostname: string;
  readonly switchname: string;
}

/** The headers that begin every event (switch_event_prep_for_delivery). */
export function eventOf(
  name: string,
  node: NodeIdentity,
  micros: number,
  sequence: number,
  from: { file: string; func: string; line: number },
): EventHeaders {
  const date = new Date(micros / 1000);
  return new Map<string, VariableValue>([
    ['Event-Name', name],
    ['Core-UUID', node.coreUuid],
    ['FreeSWITCH-Hostname', node.hostname],
    ['FreeSWITCH-Switchname', node.switchname],
    ['FreeSWITCH-IPv4', '127.0.0.1'],
    ['FreeSWITCH-IPv6', '::1'],
    ['Event-Date-Local', stampOf(micros)],
    ['Event-Date-GMT', date.toUTCString()],
    ['Event-Date-Timestamp', String(micros)],
    ['Event-Calling-File', from.file],
    ['Event-Calling-Function', from.func],
    ['Event-Calling-Line-Number', String(from.line)],
    ['Event-Sequence', String(sequence)],
  ]);
}

/** `2026-11-23 01:16:28`, in UTC: the simulated machine's zone. */
export function stampOf(micros: number): string {
  return new Date(micros / 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** switch_event_serialize_json. */
export function eventAsJson(headers: EventHeaders, body?: string): string {
  const event: Record<string, VariableValue> = Object.fromEntries(headers);
  if (body !== undefined) {
    event['Content-Length'] = String(Buffer.byteLength(body));
    event['_body'] = body;
  }
  return JSON.stringify(event);
}

/** switch_event_serialize with percent-encoding, without the empty line at the end. */
export function eventAsText(headers: EventHeaders, body?: string): string {
  const lines = [...headers].map(([name, value]) => {
    const text = typeof value === 'string' ? value : `ARRAY::${value.join('|:')}`;
    return `${name}: ${encodeHeader(text)}\n`;
  });
  if (body === undefined) return lines.join('');
  return `${lines.join('')}Content-Length: ${Buffer.byteLength(body)}\n\n${body}`;
}

/** switch_url_encode: everything outside ASCII's printable range, and FreeSWITCH's list of unsafe characters. */
export function encodeHeader(text: string): string {
  let out = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const char = String.fromCharCode(byte);
    const unsafe = byte < 0x21 || byte > 0x7e || '"#%&+:;<=>?@[\\]^`{|}'.includes(char);
    out += unsafe ? `%${byte.toString(16).toUpperCase().padStart(2, '0')}` : char;
  }
  return out;
}
