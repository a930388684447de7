import { inTime } from '../../in-time.js';
import type { Environment } from '../environment.js';
import { judgeBucket, lookAtBucket } from './bucket.js';
import { judgeClocks } from './clocks.js';
import { examineConfiguration, type Examined } from './configuration.js';
import { judgeEventSocket, judgeNames } from './event-socket.js';
import { Check, type Finding } from './findings.js';
import { judgeFolders, lookAtFolders } from './folders.js';
import { judgeNode } from './host.js';
import { lookAtNode, type NodeLook } from './node-look.js';
import { judgeNumbers } from './numbers.js';
import { judgeAsking, judgePorts, lookAtPorts } from './ports.js';
import { judgePrompts, lookAtPrompts } from './prompts.js';
import { judgePublicUrl, lookAtPublicUrl } from './public-url.js';
import { lookAtRedis } from './redis-look.js';
import { judgeRedis } from './redis.js';
import { askTrunkProfile } from './sip-options.js';
import { judgeSipPort, judgeTrunks, trunksOf } from './trunks.js';

/** Milliseconds that one look may take; what takes longer counts as not answering. */
const LOOK_MS = 15_000;

/**
 * All checks, family by family, in the order in which they are told. Every look runs, whatever the others find, and all
 * of them at the same time. Only reads, but for a file of no bytes that it makes in each folder, and an object of 64 in
 * the bucket for recordings, and takes away at once.
 */
export async function* diagnose(environment: Environment): AsyncGenerator<readonly Finding[]> {
  const examined = examineConfiguration(environment);
  const { config, unusable } = examined;
  const redis = look(unusable.has('REDIS_URL') ? Promise.resolve(null) : lookAtRedis(config));
  const trunks = redis.then((facts) => trunksOf(config, facts));
  const nodes = looksOf(examined, trunks);
  const ports = look(lookAtPorts(config));
  const publicUrl = look(lookAtPublicUrl(config));
  const folders = look(lookAtFolders(config));
  const bucket = look(lookAtBucket(config));

  yield [...examined.findings, judgeNode(process.versions.node)];
  yield judgeRedis(await redis, config, unusable);
  const looks = await nodes;
  yield unusable.has('FREESWITCH_NODES')
    ? [new Check('event-socket', 'FreeSWITCH').skipped('FREESWITCH_NODES that can be used')]
    : [...looks.flatMap((each) => judgeEventSocket(each, unusable)), ...judgeNames(looks)];
  yield judgePorts(await ports, config, unusable);
  yield looks.flatMap((each) => judgeAsking(each, config, unusable));
  yield judgeTrunks(looks, await trunks, unusable);
  yield await Promise.all(looks.map(async (each) => judgeSipPort(each, await look(askTrunkProfile(each)))));
  yield judgeFolders((await folders) ?? [], looks, config, unusable);
  yield judgeBucket(await bucket, config, unusable);
  yield await Promise.all(
    looks.map(async (each) => judgePrompts(each, (await look(lookAtPrompts(each))) ?? new Map())),
  );
  yield judgeClocks(await redis, looks);
  yield [judgePublicUrl(await publicUrl, await ports, config, unusable)];
  yield judgeNumbers(await redis, config);
}

function looksOf({ config, unusable }: Examined, trunks: Promise<readonly string[]>): Promise<NodeLook[]> {
  if (unusable.has('FREESWITCH_NODES')) return Promise.resolve([]);
  return Promise.all(
    config.freeswitch.nodes.map(async (address): Promise<NodeLook> => {
      const silent = {
        endpoint: `${address.host}:${address.port}`,
        host: address.host,
        trouble: 'ETIMEDOUT',
      };
      return (await look(lookAtNode(address, config, await trunks))) ?? silent;
    }),
  );
}

/** Never rejects unhandled while nobody awaits it yet; null when it takes too long. */
function look<T>(looking: Promise<T>): Promise<T | null> {
  const found = inTime(looking, LOOK_MS);
  found.catch(() => undefined);
  return found;
}
