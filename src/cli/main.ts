#!/usr/bin/env node
import { EXIT } from './errors.js';
import { runCli } from './program.js';

/** Milliseconds that a command has to end in order. */
const GRACE_MS = 500;

const interruption = new AbortController();
const interrupt = (): void => {
  // The second one does not wait for anything.
  if (interruption.signal.aborted) process.exit(EXIT.interrupted);
  interruption.abort();
  // What cannot be broken off, such as a look of the doctor, is not waited for.
  setTimeout(() => process.exit(EXIT.interrupted), GRACE_MS).unref();
};
process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
// Whoever reads stopped reading, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed),
);

process.exitCode = await runCli(process.argv.slice(2), {
  variables: process.env,
  folder: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
});
// A prompt leaves standard input open.
process.stdin.destroy();
