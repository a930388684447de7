import { EslCommandError } from './errors.js';

/** A command and what travels with it. */
export interface CommandOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as text/plain with its length: the one place where any text is safe. */
  readonly body?: string;
}

const LINE_BREAKERS = /[\r\n\u0000]/;
const HEADER_NAME = /^[A-Za-z][A-Za-z0-9-]*$/;

/**
 * The bytes of one command, for one write: FreeSWITCH reads a command byte by byte, and several
 * small writes meet Nagle's algorithm and the peer's delayed ACK, 40 ms each.
 * @throws EslCommandError when the line or a header would break out of its line.
 */
export function encodeCommand(line: string, options: CommandOptions = {}): Buffer {
  if (line === '' || LINE_BREAKERS.test(line)) throw new EslCommandError('a command must be one line');
  let text = `${line}\n`;
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (!HEADER_NAME.test(name) || LINE_BREAKERS.test(value)) {
      throw new EslCommandError(`header ${HEADER_NAME.test(name) ? name : ''} must be one line`);
    }
    text += `${name}: ${value}\n`;
  }
  if (options.body === undefined) return Buffer.from(`${text}\n`);
  // FreeSWITCH takes the body for a C string.
  if (options.body.includes('\0')) throw new EslCommandError('a body must not hold NUL');
  const body = Buffer.from(options.body);
  return Buffer.concat([
    Buffer.from(`${text}content-type: text/plain\ncontent-length: ${body.length}\n\n`),
    body,
  ]);
}

/**
 * `sendmsg` that executes an application. The argument travels in the body, which FreeSWITCH takes
 * when there is no execute-app-arg (switch_ivr.c, switch_ivr_parse_event). `uuid` is left out on a
 * socket that belongs to a channel.
 */
export function executeCommand(application: string, argument: string, uuid?: string): Buffer {
  return encodeCommand(uuid === undefined ? 'sendmsg' : `sendmsg ${uuid}`, {
    headers: { 'call-command': 'execute', 'execute-app-name': application },
    ...(argument === '' ? {} : { body: argument }),
  });
}
