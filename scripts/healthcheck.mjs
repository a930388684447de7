// For the container's health check: exit 0 while the controller can take calls.
const ANY = { '0.0.0.0': '127.0.0.1', '::': '::1' };

const port = process.env.HTTP_PORT || '8080';
const bound = process.env.HTTP_HOST || '0.0.0.0';
const host = ANY[bound] ?? bound;
const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/readyz`;
try {
  const response = await fetch(url, { signal: AbortSignal.timeout(3000) });
  // Docker keeps this: `docker inspect` shows what is not ready.
  console.log((await response.text()).slice(0, 1000));
  process.exitCode = response.status === 200 ? 0 : 1;
} catch (error) {
  console.log(`${url} does not answer: ${error.cause?.code ?? error.name}`);
  process.exitCode = 1;
}
