import { once } from 'node:events';
import { createServer } from 'node:net';
import { threadId } from 'node:worker_threads';

/**
 * Below the ports that the system gives to outgoing connections, which would take one that is merely spare; and above
 * those where tests have their SIP, which is on TCP as well.
 */
const SPARE_PORTS = { first: 20_000, last: 32_000 };
/** Ports that one process gives out. */
const BLOCK = 100;
const BLOCKS = (SPARE_PORTS.last - SPARE_PORTS.first) / BLOCK;

let ownBlock: Promise<number> | undefined;
let given = 0;

/**
 * A TCP port on loopback that was free a moment ago, and that nobody else who asks here is given: between the question
 * and the use of a port seconds may pass, so each process has ports of its own.
 */
export async function sparePort(): Promise<number> {
  for (;;) {
    ownBlock ??= claimBlock();
    const first = await ownBlock;
    for (let look = 1; look < BLOCK; look += 1) {
      given = (given % (BLOCK - 1)) + 1;
      // Others ask while this one is looked at.
      const port = first + given;
      if (await isSpare(port)) return port;
    }
    ownBlock = undefined;
  }
}

/** A block is taken for as long as somebody listens on its first port, which is until that process ends. */
async function claimBlock(): Promise<number> {
  const begin = process.pid * 7 + threadId;
  for (let look = 0; look < BLOCKS; look += 1) {
    const port = SPARE_PORTS.first + ((begin + look) % BLOCKS) * BLOCK;
    const claim = createServer((socket) => socket.destroy());
    claim.unref();
    try {
      claim.listen(port, '127.0.0.1');
      await once(claim, 'listening');
      return port;
    } catch {
      // Somebody has it: the next one.
    }
  }
  throw new Error(`no spare ports are left from ${SPARE_PORTS.first} to ${SPARE_PORTS.last}`);
}

async function isSpare(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}
