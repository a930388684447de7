#!/usr/bin/env -S node --initial-old-space-size=256 --enable-source-maps
import { Controller } from './app.js';
import { loadConfig, type Config } from './config.js';
import { configurationAtStart } from './process-start.js';
import { createLogger, type Logger } from './telemetry/logger.js';
import { Watchdog } from './watchdog/watchdog.js';

const USAGE = `Usage: npm run controller

Runs one Maskline controller. It takes no arguments; everything is set in the environment, and
docs/configuration.md lists the variables. A bad value stops the start with one line that names it.

  --help   print this and exit
`;

/** Milliseconds that a process whose controller has stopped may take to end by itself. */
const AFTERLIFE_MS = 1_000;

async function main(): Promise<void> {
  const config = configurationAtStart(USAGE, loadConfig);
  if (config === null) return;
  const log = createLogger({ level: config.logLevel });
  const controller = new Controller(config, log);
  const watchdog = new Watchdog({ limitMs: config.watchdogLimitMs, log });
  const isEnding = endOnSignals(controller, watchdog, config, log);
  try {
    await controller.start();
    if (config.watchdogLimitMs > 0 && !isEnding()) watchdog.start();
  } catch (error) {
    log.fatal({ err: error }, 'the controller could not start');
    process.exitCode = 1;
    await stopWithin(controller, config.shutdownDeadline, log);
  }
}

/** Answers what tells whether the end has begun. */
function endOnSignals(
  controller: Controller,
  watchdog: Watchdog,
  config: Config,
  log: Logger,
): () => boolean {
  let ending = false;
  const end = (why: string, exitCode: number): void => {
    if (ending) return;
    ending = true;
    log.info({ why }, 'stopping');
    process.exitCode = exitCode;
    watchdog.stop();
    void stopWithin(controller, config.shutdownDeadline, log);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end(signal, 0));
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'a defect: the controller ends, and its calls go on');
    end('uncaughtException', 1);
  });
  return () => ending;
}

/**
 * Stops the controller, and the process if that takes longer than `seconds`. Then the process ends by itself;
 * should anything be left that keeps it, it is ended all the same.
 */
async function stopWithin(controller: Controller, seconds: number, log: Logger): Promise<void> {
  const deadline = setTimeout(() => {
    log.error({ seconds }, 'the controller did not stop in time');
    process.exit(1);
  }, seconds * 1000);
  deadline.unref();
  try {
    await controller.stop();
  } catch (error) {
    log.error({ err: error }, 'the controller did not stop in order');
    process.exitCode = 1;
  }
  clearTimeout(deadline);
  setTimeout(() => {
    log.warn('something outlived the controller; the process ends');
    process.exit();
  }, AFTERLIFE_MS).unref();
}

await main();
