import { randomBytes } from 'node:crypto';

import { BUCKET_VARIABLES } from '../../config-bucket.js';
import { configProblems, loadConfig, type Config } from '../../config.js';
import type { Environment, Variables } from '../environment.js';
import { Check, type Finding } from './findings.js';

/** The configuration as far as it can be used. */
export interface Examined {
  readonly config: Config;
  /** Variables whose values in `config` only fill a gap: nothing may be judged by them. */
  readonly unusable: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

/** Judges every variable as the controller does at its start, and goes on with those that are right. */
export function examineConfiguration({ variables, file }: Environment): Examined {
  const problems = configProblems(variables);
  const unusable = new Set(problems.keys());
  const config = loadConfig(filled(variables, unusable));
  const findings = [...problems].map(([name, line]) => problemOf(name, line));
  if (findings.length === 0) {
    findings.push(new Check('configuration', 'configuration').ok('every variable can be used'));
  }
  if (isOfCompose(file, variables)) {
    findings.push(
      new Check('configuration.compose', '.env').warn(
        'it is the one of docker compose, which makes the controller’s variables of it',
        'run this inside: docker compose exec controller maskline doctor',
      ),
    );
  }
  return { config, unusable, findings };
}

/** The lines of the configuration end in `: <cure>`. */
function problemOf(name: string, line: string): Finding {
  const [cause = line, ...cure] = line.slice(name.length).trim().split(': ');
  return new Check(`configuration.${name}`, name).fail(cause, cure.join(': '));
}

/** `variables` without those that are wrong, and with something in the place of those that have no default. */
function filled(variables: Variables, unusable: ReadonlySet<string>): Variables {
  const secret = (): string => randomBytes(24).toString('hex');
  const fillings: Variables = {
    AUTH_ID: `MA${'0'.repeat(18)}`,
    AUTH_TOKEN: secret(),
    FREESWITCH_PASSWORD: secret(),
    QUESTION_SECRET: secret(),
    TRUNKS: 'none',
    DATA_KEYS: randomBytes(32).toString('base64'),
  };
  // The browser's phones want several variables to fit together, and nothing here is judged by them.
  const wanting = unusable.size === 0 ? [] : ['BROWSER_PHONES_URL', ...unusable];
  const without = (names: readonly string[]): Variables => ({
    ...variables,
    ...(Object.fromEntries(
      names.flatMap((name) => [
        [name, fillings[name]],
        [`${name}_FILE`, undefined],
      ]),
    ) as Variables),
  });
  // So does the bucket, which is judged: it goes when what is left of it does not fit together either.
  const isWhole = configProblems(without(wanting)).size === 0;
  return without(isWhole ? wanting : [...wanting, ...Object.keys(BUCKET_VARIABLES)]);
}

/** docker-compose.yml builds REDIS_URL of REDIS_PASSWORD, and names folders inside the container. */
function isOfCompose(file: Variables | null, variables: Variables): boolean {
  return file?.['REDIS_PASSWORD'] !== undefined && (variables['REDIS_URL'] ?? '') === '';
}
