import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

import type { NodeLook } from './node-look.js';

export interface OptionsAnswer {
  /** `address:port` that was asked. */
  readonly where: string;
  /** Of the answer; null when none came. */
  readonly status: number | null;
}

/** Milliseconds between two attempts, and how many there are: UDP may lose one. */
const ATTEMPT_MS = 500;
const ATTEMPTS = 4;

/**
 * Sends OPTIONS to the trunk profile of a node, from this host: it says that the port is open and the profile answers,
 * and nothing of whether a carrier gets there. Null when the profile is not at this host, from where we may not ask.
 */
export async function askTrunkProfile(look: NodeLook): Promise<OptionsAnswer | null> {
  if (look.trouble !== null) return null;
  const { sip_trunk_ip: bound = '', sip_trunk_port: port = '' } = look.globals;
  const address = addressHere(bound, look.host);
  if (address === null || !/^\d{1,5}$/.test(port)) return null;
  return {
    where: `${address}:${port}`,
    status: await optionsStatus(address, Number(port)),
  };
}

/** The address to ask at, when it is one of this host; null otherwise. */
function addressHere(bound: string, host: string): string | null {
  const own = Object.values(networkInterfaces()).flatMap((each) =>
    (each ?? []).map(({ address }) => address),
  );
  if (bound === '0.0.0.0') return own.includes(host) || host === 'localhost' ? '127.0.0.1' : null;
  return isIP(bound) === 4 && (bound.startsWith('127.') || own.includes(bound)) ? bound : null;
}

async function optionsStatus(address: string, port: number): Promise<number | null> {
  const socket = createSocket('udp4');
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<number | null>((resolve) => {
      socket.on('error', () => resolve(null));
      socket.on('message', (message) => {
        const status = /^SIP\/2\.0 (\d{3}) /.exec(message.toString('latin1'))?.[1];
        if (status !== undefined) resolve(Number(status));
      });
      // From the address that is asked, so that the answer finds its way back.
      socket.bind(0, address, () => {
        const request = optionsRequest(address, port, socket.address().port);
        let sent = 0;
        const send = (): void => {
          if (sent === ATTEMPTS) {
            resolve(null);
            return;
          }
          sent += 1;
          socket.send(request, port, address);
          timer = setTimeout(send, ATTEMPT_MS);
        };
        send();
      });
    });
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

function optionsRequest(address: string, port: number, from: number): string {
  const id = randomBytes(8).toString('hex');
  return [
    `OPTIONS sip:${address}:${port} SIP/2.0`,
    `Via: SIP/2.0/UDP ${address}:${from};branch=z9hG4bK${id};rport`,
    'Max-Forwards: 1',
    `From: <sip:doctor@${address}:${from}>;tag=${id}`,
    `To: <sip:${address}:${port}>`,
    `Call-ID: ${id}`,
    'CSeq: 1 OPTIONS',
    `Contact: <sip:doctor@${address}:${from}>`,
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');
}
