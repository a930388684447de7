import { ConfigError } from './config-error.js';

/**
 * The configuration of a process that takes no arguments: what `load` makes of the environment. Null when the process
 * is to end at once: `usage` was asked for, or its arguments or its configuration are wrong. The exit code is set then.
 */
export function configurationAtStart<Config>(
  usage: string,
  load: (environment: NodeJS.ProcessEnv) => Config,
): Config | null {
  if (process.argv.length > 2) {
    const asked = process.argv.includes('--help');
    (asked ? process.stdout : process.stderr).write(usage);
    process.exitCode = asked ? 0 : 2;
    return null;
  }
  try {
    return load(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`maskline: ${error.message}\n`);
    process.exitCode = 2;
    return null;
  }
}
