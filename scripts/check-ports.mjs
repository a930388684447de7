// Says which ports of the stack somebody else holds: on the host's network they cannot be moved by Docker.
// Arguments: NAME=protocol:address:port. Exits 1 after a line for each problem.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

async function bind(protocol, host, port) {
  if (protocol === 'udp') {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.bind({ address: host, port, exclusive: true });
    await once(socket, 'listening');
    await new Promise((resolve) => socket.close(resolve));
  } else {
    const server = createServer();
    server.listen({ host, port });
    await once(server, 'listening');
    await new Promise((resolve) => server.close(resolve));
  }
}

const problems = new Set();
for (const argument of process.argv.slice(2)) {
  const [, name, protocol, host, port] = /^(\w+)=(tcp|udp):(.*):(\d+)$/.exec(argument) ?? [];
  if (name === undefined) throw new Error(`not NAME=protocol:address:port: ${argument}`);
  try {
    await bind(protocol, host, Number(port));
  } catch (error) {
    if (error.code === 'EADDRINUSE') {
      problems.add(`port ${port} is taken on this host: set another ${name} in .env, or stop what holds it`);
    } else if (error.code === 'EADDRNOTAVAIL') {
      problems.add(`${host} is no address of this host: correct it in .env`);
    } else {
      problems.add(`port ${port} (${name}) cannot be used: ${error.code ?? error.message}`);
    }
  }
}
for (const problem of problems) console.error(`maskline: ${problem}`);
process.exitCode = problems.size > 0 ? 1 : 0;
