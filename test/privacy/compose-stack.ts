import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  commonPart,
  needed,
  type NamedFiles,
  type NamedText,
  type RunningStack,
  type Settings,
} from './running-stack.js';

const ROOT = new URL('../../', import.meta.url).pathname;
/** Most bytes that one of Docker's answers may have. */
const LARGEST_ANSWER = 1 << 30;
const FOLDERS = ['RECORDINGS_DIR', 'PROMPTS_DIR', 'CDR_DIR'] as const;

const run = promisify(execFile);

async function compose(...args: readonly string[]): Promise<string> {
  const options = { cwd: ROOT, maxBuffer: LARGEST_ANSWER, encoding: 'latin1' } as const;
  const { stdout, stderr } = await run('docker', ['compose', ...args], options);
  return args[0] === 'logs' ? stdout + stderr : stdout;
}

/** True when docker-compose.yml's controller runs here. */
export async function isComposeUp(): Promise<boolean> {
  return compose('ps', '--status', 'running', '--services').then(
    (services) => services.split('\n').includes('controller'),
    () => false,
  );
}

/** The stack of docker-compose.yml on this host, as `npm start` brought it up. */
export function composeStack(settings: Settings): RunningStack {
  const since = new Date().toISOString();
  const password = needed(settings, 'REDIS_PASSWORD');
  return {
    ...commonPart(settings),
    redisUrl: `redis://:${encodeURIComponent(password)}@127.0.0.1:${settings['REDIS_PORT'] ?? '6379'}`,
    async logs(): Promise<readonly NamedText[]> {
      const texts = await Promise.all([
        compose('logs', '--no-color', '--since', since, 'controller'),
        compose('logs', '--no-color', 'freeswitch'),
      ]);
      const names = ['log of the controller', 'log of FreeSWITCH'];
      return names.map((name, index) => ({ name, text: texts[index] ?? '' }));
    },
    async filesOfRedis(): Promise<readonly NamedText[]> {
      const text = await compose('exec', '-T', 'redis', 'sh', '-c', 'cat /data/appendonlydir/*');
      return [{ name: 'append-only file of Redis', text }];
    },
    async folders(): Promise<readonly NamedFiles[]> {
      return Promise.all(
        FOLDERS.map(async (name) => {
          const found = await compose('exec', '-T', 'controller', 'sh', '-c', `ls -A "$${name}"`);
          return { name, names: found.split('\n').filter((file) => file !== '') };
        }),
      );
    },
  };
}
