import { readFile } from 'node:fs/promises';

const ESTABLISHED = '01';

/** True while somebody on this machine is connected to that TCP port of 127.0.0.1. */
export async function isConnected(port: number): Promise<boolean> {
  const remote = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = (await readFile('/proc/net/tcp', 'latin1')).split('\n');
  return lines.some((line) => {
    const [, , to, state] = line.trim().split(/\s+/);
    return to === remote && state === ESTABLISHED;
  });
}
