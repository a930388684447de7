import { Command } from 'commander';

import { diagnose } from '../doctor/doctor.js';
import { findingLine, type Finding, type Level } from '../doctor/findings.js';
import { CliFailedError } from '../errors.js';
import { does, type Invocation } from '../invocation.js';
import type { Style, World } from '../terminal.js';

const STYLES: Readonly<Record<Level, Style>> = { ok: 'green', warn: 'yellow', fail: 'red', skipped: 'dim' };

export function doctorCommand(world: World): Command {
  const doctor = new Command('doctor')
    .description('check the whole installation; each line says what is wrong and what to do')
    .option('--quiet', 'only what is not ok')
    .addHelpText(
      'after',
      `
Needs the controller’s own settings (the environment, .env, or both), and runs best on its host as its user:
  docker compose exec controller maskline doctor
It reads, and changes nothing; it makes an empty file in each folder and takes it away at once.
Exit code 1 when a line says FAIL.`,
    );
  return does(doctor, world, (run, _, options) => examine(run, options['quiet'] === true));
}

async function examine(run: Invocation, isQuiet: boolean): Promise<void> {
  const found: Finding[] = [];
  const progress = run.terminal.progress();
  progress.tick('looking');
  try {
    for await (const findings of diagnose(run.environment)) {
      found.push(...findings);
      if (run.json) continue;
      for (const finding of findings) {
        if (isQuiet && finding.level === 'ok') continue;
        const line = findingLine(finding);
        await run.terminal.print(run.terminal.paint(STYLES[finding.level], line.slice(0, 4)) + line.slice(4));
      }
    }
  } finally {
    progress.end();
  }
  const count = (level: Level): number => found.filter((finding) => finding.level === level).length;
  const counts = { ok: count('ok'), warn: count('warn'), fail: count('fail'), skipped: count('skipped') };
  if (run.json) await run.show({ healthy: counts.fail === 0, counts, findings: found }, () => []);
  const summary = `${counts.ok} ok, ${counts.warn} warnings, ${counts.fail} failed, ${counts.skipped} not checked`;
  if (counts.fail > 0) throw new CliFailedError(summary);
  run.terminal.say(summary);
}
