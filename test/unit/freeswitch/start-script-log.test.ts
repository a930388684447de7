import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { placeIdleFreeSwitch, placeProgram, START, startEnvironment } from '../../helpers/start-script.js';
import { until } from '../../helpers/until.js';

const CALL = '12345678-1234-1234-1234-12345678901f';
const PROMPT = '1234567890abcdef'.repeat(4);
const SECRET = 'a-question-secret-of-tests';

let folder: string;
/** Process groups that were started. */
const groups: number[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maskline-log-'));
  await placeIdleFreeSwitch(folder);
});

afterEach(async () => {
  // Whoever is left of a test that broke off.
  for (const group of groups.splice(0)) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch (error) {
      expect(error).toMatchObject({ code: 'ESRCH' });
    }
  }
  await rm(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs start.sh until everything that it started has closed its output. `seen` is what stands there; after `deafen` nobody
 * reads any of it. `atItsEnd` is as soon as start.sh itself has ended.
 */
async function start(
  environment: Record<string, string>,
  meanwhile?: (pid: number, seen: () => string, deafen: () => void) => Promise<void>,
  atItsEnd?: (pid: number) => Promise<void>,
): Promise<Ended> {
  const own = { FREESWITCH_PASSWORD: 'an-event-socket-password', QUESTION_SECRET: SECRET };
  const child = spawn('sh', [START], {
    env: { ...startEnvironment(folder), ...own, RUN_DIR: join(folder, 'run'), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, which a terminal's Ctrl-C goes to.
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('sh did not start');
  groups.push(pid);
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  }
  const deafen = (): void => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const closed = once(child, 'close');
  const ended = once(child, 'exit').then(() => atItsEnd?.(pid));
  await meanwhile?.(pid, () => said.stdout, deafen);
  await Promise.all([closed, ended]);
  return { code: child.exitCode, ...said };
}

/** The sed of a start.sh's group. */
async function pidOfSed(group: number): Promise<number> {
  for (const name of await readdir('/proc')) {
    const stat = /^\d+$/.test(name) ? await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '') : '';
    // PID (name) state parent group, as in proc(5).
    const fields = /^\d+ \(sed\) \S+ \d+ (\d+) /.exec(stat);
    if (Number(fields?.[1]) === group) return Number(name);
  }
  throw new Error('no sed runs');
}

/** Where mod_logfile writes. */
const pipe = (): string => join(folder, 'run', 'run', 'said');

/** What becomes of a line that FreeSWITCH logs. */
async function logged(line: string, environment: Record<string, string>): Promise<string> {
  await writeFile(join(folder, 'line'), `${line}\n`);
  await placeProgram(join(folder, 'freeswitch'), `cat ${join(folder, 'line')} >>${pipe()}`);
  const { stdout } = await start(environment);
  return stdout.replace(/\n$/, '');
}

/** Lines that the log may show as they are. */
const KEPT = [
  `${CALL} 2026-11-30 02:01:29.368874 90.17% [ERR] maskline/a/${CALL}`,
  `Error opening /prompts/${PROMPT}.wav, port 31999, line 123456`,
  'receiving invite from 192.168.100.200:17048 version: 1.10.12-release 64bit',
  'c=IN IP4 127.0.0.1, a day 2026-11-30, sip:100@10.0.0.1',
  'o=- 0 2 IN IP4 250.199.10.9, digit accepted, a=rtpmap:101 telephone-event/8000',
  'Set 2833 dtmf send payload to 101, DTMF type is NONE, digits of 4',
];

/** Lines with what it may not show, and what becomes of them. */
const HIDDEN: readonly (readonly [string, string])[] = [
  [
    '[WARNING] Cannot locate registered user 4915112345678@a',
    '[WARNING] Cannot locate registered user <digits>@a',
  ],
  // What a caller's leg is called, and where softphones and carriers are dialled.
  [
    'Bridge Failed sofia/trunk/+1 555 010 0123@192.0.2.1:5060 ',
    'Bridge Failed sofia/trunk/<caller>@192.0.2.1:5060 ',
  ],
  ['sofia/softphone/anna.example@a sofia/trunk/+1555@b', 'sofia/softphone/<caller>@a sofia/trunk/<caller>@b'],
  ['[sofia/softphone/4915112345678%softphone]', '[sofia/softphone/<caller>%softphone]'],
  ['Hangup sofia/trunk/cut off 555 01', 'Hangup sofia/trunk/<caller>'],
  ['[sofia/gateway/carrier-a/+4915112345678]', '[sofia/gateway/carrier-a/+<digits>]'],
  ['<sip:%2B4915112345678@a>, 004915112345678, 5550100', '<sip:%2B<digits>@a>, <digits>, <digits>'],
  ['tel:+1-555-010-0123 sip:555.010.0123@a +1(555)0100123', 'tel:+<digits> sip:<digits>@a +<digits>'],
  ['1.555.010.0123 10.1.2.34567890', '<digits> <digits>'],
  ['+1(555)-010-0123 044.668.18.00', '+<digits> <digits>'],
  [`${CALL}4915112345678 and 4915112345678 ${CALL}`, `${CALL}<digits> and <digits> ${CALL}`],
  ['\u00ff4915112345678\u00fe', '\u00ff<digits>\u00fe'],
  ['[INFO] switch_channel.c:528 RECV DTMF 9:2000', '[INFO] switch_channel.c:528 RECV DTMF ?:2000'],
  [
    'RTP RECV DTMF #:960 Enqueuing RFC2833 DTMF D of length 2000',
    'RTP RECV DTMF ?:960 Enqueuing RFC2833 DTMF ? of length 2000',
  ],
  ['[DEBUG] mod_dptools.c:2372 Digit 5', '[DEBUG] mod_dptools.c:2372 Digit ?'],
  ['ACCEPT TERMINATOR # IGNORE NON-TERMINATOR DIGIT 0', 'ACCEPT TERMINATOR ? IGNORE NON-TERMINATOR DIGIT ?'],
  ['INFO DTMF(5) DTMF DETECTED: [4][2000]', 'INFO DTMF(?) DTMF DETECTED: [?][2000]'],
  [
    'SHORT DTMF DIGIT [3] LEN [20] SHORT DTMF DIGIT LEN 3 20',
    'SHORT DTMF DIGIT [?] LEN [20] SHORT DTMF DIGIT LEN ? 20',
  ],
  [
    "digit=7 ms=250, meta digit '*' not mapped, Meta digit timeout parsing 1",
    "digit=? ms=250, meta digit '?' not mapped, Meta digit timeout parsing ?",
  ],
  [
    `socket(%[masking_secret=${SECRET},masking_kept=1]a:8084|b:8084)`,
    'socket(%[masking_secret=<secret>,masking_kept=1]a:8084|b:8084)',
  ],
];

/** A FreeSWITCH that is up until it is told to end: then it does that. */
async function placeUpUntilTold(atItsEnd: string): Promise<void> {
  const body = `trap '${atItsEnd}' INT TERM HUP; echo up >>${pipe()}; while :; do sleep 0.05; done`;
  await placeProgram(join(folder, 'freeswitch'), body);
}

describe.each([{ DRAIN: 'false' }, { DRAIN: 'true' }])("FreeSWITCH's log, with %j", (environment) => {
  it('keeps what only looks like a number', async () => {
    expect(await logged(KEPT.join('\n'), environment)).toBe(KEPT.join('\n'));
  });

  it('shows no number, no key that was pressed, and no secret', async () => {
    const [lines, become] = [0, 1].map((index) => HIDDEN.map((pair) => pair[index]).join('\n'));
    expect(await logged(lines ?? '', environment)).toBe(become);
  });

  it('is there at once, line by line, and goes on after sed has ended', async () => {
    const wait = (name: string): string => `while [ ! -e ${name} ]; do sleep 0.05; done`;
    const body = `echo one >>${pipe()}; ${wait('next')}; echo two >>${pipe()}; ${wait('end')}`;
    await placeProgram(join(folder, 'freeswitch'), `cd ${folder}; ${body}`);
    const { stdout, stderr } = await start(environment, async (pid, seen) => {
      await until('one is there', () => seen() === 'one\n');
      process.kill(await pidOfSed(pid), 'SIGKILL');
      await writeFile(join(folder, 'next'), '');
      await until('two is there', () => seen() === 'one\ntwo\n');
      await writeFile(join(folder, 'end'), '');
    });
    expect(stdout).toBe('one\ntwo\n');
    expect(stderr).toContain('sed ended');
  });

  it('ends as FreeSWITCH does, and why it does not start is said as it is', async () => {
    await placeProgram(
      join(folder, 'freeswitch'),
      'echo "out 1234567"; echo "Cannot initialize 1234567" >&2; exit 7',
    );
    const { code, stdout, stderr } = await start(environment);
    expect(code).toBe(7);
    expect(stdout).toBe('out <digits>\n');
    expect(stderr).toContain('Cannot initialize 1234567\n');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'is told to its end when all get %s at once',
    async (signal) => {
      await placeUpUntilTold(`sleep 0.3; echo the last word >>${pipe()}; exit 0`);
      const { stdout } = await start({ ...environment, DRAIN_SECONDS: '1' }, async (pid, seen) => {
        await until('FreeSWITCH runs', () => seen() === 'up\n');
        process.kill(-pid, signal);
      });
      expect(stdout).toBe('up\nthe last word\n');
    },
  );

  it('keeps nobody from the end who reads it no more', async () => {
    // More than a pipe holds.
    await placeUpUntilTold(`yes 1234 | head -c 150000 >>${pipe()}; exit 0`);
    const { code } = await start(environment, async (pid, seen, deafen) => {
      await until('FreeSWITCH runs', () => seen() === 'up\n');
      deafen();
      process.kill(pid, 'SIGTERM');
    });
    expect(code).toBe(0);
  });

  it('takes no log of before with it', async () => {
    await mkdir(join(folder, 'run', 'log'), { recursive: true });
    for (const name of ['freeswitch.log', 'freeswitch.log.1']) {
      await writeFile(join(folder, 'run', 'log', name), '4915112345678');
    }
    await start(environment);
    expect(await readdir(join(folder, 'run', 'log'))).toEqual([]);
  });
});

it('with DRAIN=true start.sh ends after sed, as its end would be that of sed where it is process 1', async () => {
  await placeProgram(join(folder, 'freeswitch'), `yes 1234567 | head -n 20000 >>${pipe()}; exit 3`);
  let left: unknown = null;
  const { code, stdout } = await start({ DRAIN: 'true' }, undefined, async (pid) => {
    left = await pidOfSed(pid).catch(() => null);
  });
  expect(left).toBeNull();
  expect(code).toBe(3);
  expect(stdout).toBe('<digits>\n'.repeat(20_000));
});

it('does not start where sed cannot do it, and names the cure', async () => {
  await mkdir(join(folder, 'bin'));
  await placeProgram(join(folder, 'bin', 'sed'), 'echo "sed: unrecognized option: u" >&2; exit 1');
  await placeProgram(join(folder, 'freeswitch'), 'echo started');
  const { code, stdout, stderr } = await start({
    PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
  });
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain(
    'freeswitch/start.sh: sed must know -u and -E (GNU sed; on Alpine: apk add sed): it keeps numbers out of the log\n',
  );
});
