#!/usr/bin/env node
import { loadForwarderConfig } from './config-forwarder.js';
import { cdrForwarder } from './freeswitch/cdr-forwarder.js';
import { configurationAtStart } from './process-start.js';
import { createLogger } from './telemetry/logger.js';

const USAGE = `Usage: npm run forward-cdrs

Runs beside a FreeSWITCH whose CDR_DIR no controller can see: posts to a controller what FreeSWITCH left
there, and removes it once it was taken. It takes no arguments; it reads these variables:

  CDR_DIR          the folder of FreeSWITCH's CDRs
  CDR_HOSTS        the controllers' CDR ports, host:port with | between, as for FreeSWITCH
  QUESTION_SECRET  the secret of the nodes, or QUESTION_SECRET_FILE, the path of a file that holds it
  LOG_LEVEL        as for a controller

  --help   print this and exit
`;

function main(): void {
  const config = configurationAtStart(USAGE, loadForwarderConfig);
  if (config === null) return;
  const log = createLogger({ level: config.logLevel });
  const forwarder = cdrForwarder(config, log);
  forwarder.start();
  log.info({ folder: config.folder, hosts: config.hosts }, 'CDRs are forwarded');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void forwarder.stop());
}

main();
