/** A SIP message as SIPp logged it. */
export interface LoggedMessage {
  readonly direction: 'sent' | 'received';
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
  readonly callId: string;
}

const ENTRY =
  /^-{40,} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+)\n(?:UDP|TCP) message (sent|received) (?:\[|\()(\d+)(?:\]| bytes\))(?: bytes)? ?:\n\n/gm;

/** Reads what `sipp -trace_msg` wrote. */
export function parseMessageLog(log: string): LoggedMessage[] {
  const heads = [...log.matchAll(ENTRY)];
  return heads.map((head, index) => {
    const text = log.slice(head.index + head[0].length, heads[index + 1]?.index ?? log.length).trimEnd();
    return {
      direction: head[2] as 'sent' | 'received',
      at: Date.parse(`${(head[1] ?? '').replace(' ', 'T').slice(0, 23)}Z`),
      text,
      callId: headerOf(text, 'Call-ID'),
    };
  });
}

/** Status of a response, or null for a request. */
export function statusOf(message: string): number | null {
  const status = /^SIP\/2\.0 (\d{3}) /.exec(message)?.[1];
  return status === undefined ? null : Number(status);
}

/** Method of a request, or of the request that a response answers. */
export function methodOf(message: string): string {
  return statusOf(message) === null
    ? (/^([A-Z]+) /.exec(message)?.[1] ?? '')
    : (/\d+ ([A-Z]+)/.exec(headerOf(message, 'CSeq'))?.[1] ?? '');
}

export function headerOf(message: string, name: string): string {
  return new RegExp(`^${name}[ ]*:[ ]*(.*)$`, 'im').exec(message)?.[1]?.trim() ?? '';
}
