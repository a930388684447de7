import { BadRedisUrlError } from './errors.js';

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** What REDIS_URL says. */
export interface RedisTarget {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  /** Of Redis, of the Sentinels, or of some nodes of the cluster. */
  readonly hosts: readonly HostAndPort[];
  readonly tls: boolean;
  readonly username: string;
  readonly password: string;
  readonly db: number;
  /** Name of the master that the Sentinels watch; "" unless `kind` is `sentinel`. */
  readonly master: string;
}

const FORM =
  /^(redis|rediss)(?:\+(sentinel|cluster))?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/@?#]+)(?:\/([^/?#]*))?$/;
const DEFAULT_PORT = { single: 6379, sentinel: 26379, cluster: 6379 } as const;

/**
 * `redis://[user:password@]host[:port][/db]`, `redis+sentinel://…h1:p,h2:p/master`,
 * `redis+cluster://…h1:p,h2:p`; `rediss` instead of `redis` for TLS. An IPv6 address stands in brackets.
 * Throws BadRedisUrlError.
 */
export function parseRedisUrl(url: string): RedisTarget {
  const match = FORM.exec(url);
  if (match === null) {
    throw new BadRedisUrlError('REDIS_URL is not redis://, rediss://, redis+sentinel:// or redis+cluster://');
  }
  const [, scheme, topology, username = '', password = '', list = '', path = ''] = match;
  const kind = topology === 'sentinel' || topology === 'cluster' ? topology : 'single';
  const hosts = list.split(',').map((text) => hostAndPort(text, DEFAULT_PORT[kind]));
  if (kind === 'single' && hosts.length > 1) {
    throw new BadRedisUrlError(
      'REDIS_URL names several hosts: that needs redis+sentinel:// or redis+cluster://',
    );
  }
  if (kind === 'sentinel' && path === '') {
    throw new BadRedisUrlError('REDIS_URL with redis+sentinel:// must end in /<name of the master>');
  }
  if (kind === 'cluster' && path !== '')
    throw new BadRedisUrlError('a Redis Cluster has no database numbers');
  if (kind === 'single' && !/^\d{0,5}$/.test(path)) {
    throw new BadRedisUrlError('the database in REDIS_URL is not a number');
  }
  return {
    kind,
    hosts,
    tls: scheme === 'rediss',
    username: decode(username),
    password: decode(password),
    db: kind === 'single' && path !== '' ? Number(path) : 0,
    master: kind === 'sentinel' ? decode(path) : '',
  };
}

function hostAndPort(text: string, defaultPort: number): HostAndPort {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new BadRedisUrlError('a host in REDIS_URL is not host or host:port');
  }
  return { host, port };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new BadRedisUrlError('REDIS_URL holds a bad %-escape', { cause });
  }
}
