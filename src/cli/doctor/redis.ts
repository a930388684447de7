import type { Config } from '../../config.js';
import { parseRedisUrl } from '../../store/redis-url.js';
import { size } from '../text.js';
import { Check, type Finding } from './findings.js';
import type { RedisFacts, RedisServerFacts } from './redis-look.js';

/** Part of its memory that a Redis may have used without a warning. */
const FULL = 0.9;

const TROUBLES: Readonly<Record<string, readonly [cause: string, cure: string]>> = {
  ECONNREFUSED: ['nothing listens there', 'start Redis, or correct host and port in REDIS_URL'],
  ENOTFOUND: ['there is no such host', 'correct the host in REDIS_URL'],
  EAI_AGAIN: ['its name cannot be looked up', 'check DNS, or use an address in REDIS_URL'],
  ETIMEDOUT: [
    'it does not answer',
    'check the firewall, whether REDIS_URL needs rediss://, and whether Redis hangs',
  ],
  WRONGPASS: [
    'it refuses the password',
    'put the password of its requirepass (or of the ACL user) into REDIS_URL',
  ],
  NOAUTH: [
    'it wants a password and REDIS_URL has none',
    'write it into REDIS_URL: redis://:password@host:port',
  ],
  NOPERM: [
    'its ACL does not allow us a command',
    'give the user of REDIS_URL every command on the keys maskline:* and {maskline:*, and INFO, TIME, SCAN and CONFIG GET',
  ],
  DENIED: ['its protected mode refuses other hosts', 'set requirepass and bind in redis.conf'],
  LOADING: ['it is still reading its data', 'wait; a large append-only file takes minutes'],
  MASTERDOWN: ['it is a replica whose master is gone', 'name the master, or Sentinels, in REDIS_URL'],
  CLUSTERDOWN: ['its cluster does not cover every slot', 'repair the cluster: redis-cli --cluster check'],
};

export function judgeRedis(
  facts: RedisFacts | null,
  config: Config,
  unusable: ReadonlySet<string>,
): Finding[] {
  const reach = new Check('redis.reachable', 'Redis');
  if (unusable.has('REDIS_URL')) return [reach.skipped('a REDIS_URL that can be used')];
  const { hosts } = parseRedisUrl(config.redisUrl);
  const where = hosts.map(({ host, port }) => `${host}:${port}`).join(',');
  if (facts === null)
    return [reach.fail(`${where}: no answer in time`, 'see whether Redis hangs or its disk is slow')];
  if (facts.trouble !== null) {
    const [cause, cure] = TROUBLES[facts.trouble] ?? [`it says ${facts.trouble}`, 'see the log of Redis'];
    return [reach.fail(`${where}: ${cause}`, cure)];
  }
  return [
    ...facts.servers.flatMap((server) => judgeServer(server, facts.servers.length > 1)),
    ...judgeKeys(facts, unusable),
  ];
}

function judgeServer({ name, info, config }: RedisServerFacts, isOneOfMany: boolean): Finding[] {
  const suffix = isOneOfMany ? ` ${name}` : '';
  const reach = new Check('redis.reachable', `Redis${suffix}`);
  const role = info['role'] ?? 'unknown';
  return [
    role === 'master'
      ? reach.ok(`${name} answers, version ${info['redis_version'] ?? 'unknown'}`)
      : reach.fail(
          `${name} is a ${role}: nothing can be written`,
          'name the master, or Sentinels, in REDIS_URL',
        ),
    judgeDurability(new Check('redis.durability', `Redis append-only file${suffix}`), info, config),
    judgePersistence(new Check('redis.persistence', `Redis persistence${suffix}`), info),
    judgeMemory(new Check('redis.memory', `Redis memory${suffix}`), info, config),
  ];
}

function judgeDurability(
  check: Check,
  info: RedisServerFacts['info'],
  config: RedisServerFacts['config'],
): Finding {
  if (info['aof_enabled'] !== '1') {
    return check.fail(
      'it is off: a crash of Redis loses sessions that clients were told are stored',
      'set appendonly yes and appendfsync always in redis.conf',
    );
  }
  const sync = config?.['appendfsync'];
  if (sync === undefined) {
    return check.warn(
      'it is on, but CONFIG may not be read, so appendfsync is unknown',
      'see that it is always',
    );
  }
  if (sync === 'always') return check.ok('on, written to the disk with every answer');
  const lost =
    sync === 'everysec' ? 'up to a second or two of writes' : 'whatever the system has not written yet';
  return check.warn(
    `appendfsync is ${sync}: a crash of the machine loses ${lost}`,
    'set appendfsync always in redis.conf',
  );
}

function judgePersistence(check: Check, info: RedisServerFacts['info']): Finding {
  const failed = ['aof_last_write_status', 'aof_last_bgrewrite_status', 'rdb_last_bgsave_status'].filter(
    (field) => info[field] !== undefined && info[field] !== 'ok',
  );
  if (failed.length === 0) return check.ok('the last writes to its disk went well');
  return check.fail(
    `the disk refused: ${failed.join(', ')}`,
    'see free space and rights of its folder, and its log',
  );
}

function judgeMemory(
  check: Check,
  info: RedisServerFacts['info'],
  config: RedisServerFacts['config'],
): Finding {
  const most = Number(info['maxmemory'] ?? config?.['maxmemory'] ?? 0);
  const used = Number(info['used_memory'] ?? 0);
  const policy = info['maxmemory_policy'] ?? config?.['maxmemory-policy'] ?? 'unknown';
  if (policy !== 'noeviction' && policy !== 'unknown') {
    const when = most > 0 ? `once ${size(most)} are used` : 'as soon as maxmemory is set';
    return check.fail(
      `${policy}: it throws sessions away ${when}`,
      'set maxmemory-policy noeviction in redis.conf',
    );
  }
  if (most > 0 && used > most * FULL) {
    return check.warn(
      `${size(used)} of ${size(most)} are used`,
      'raise maxmemory, or lower SESSION_RETENTION_DAYS',
    );
  }
  return check.ok(`${size(used)} used${most > 0 ? ` of ${size(most)}` : ''}, nothing is thrown away`);
}

function judgeKeys({ sealed }: RedisFacts, unusable: ReadonlySet<string>): Finding[] {
  const check = new Check('data-keys', 'DATA_KEYS');
  if (unusable.has('DATA_KEYS')) return [check.skipped('DATA_KEYS that can be used')];
  if (sealed.seen === 0) return [check.ok('usable; Redis holds no session yet that would tell more')];
  if (sealed.foreign === 0)
    return [check.ok(`they open what Redis holds (${sealed.seen} sessions looked at)`)];
  return [
    check.fail(
      `${sealed.foreign} of ${sealed.seen} sessions were sealed with a key that is not among them`,
      'add the old key behind the new one, with a comma between; without it they stay unreadable',
    ),
  ];
}
