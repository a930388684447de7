import type { Config } from '../../config.js';
import { SOFTPHONE_TRUNK } from '../../freeswitch/dial-string.js';
import { Check, type Finding } from './findings.js';
import type { NodeFacts, NodeLook, TrunkState } from './node-look.js';
import type { RedisFacts } from './redis-look.js';
import type { OptionsAnswer } from './sip-options.js';

/** States of a gateway that registers which are no trouble: NOREG never does, REGED has done. */
const WELL = ['NOREG', 'REGED'];

/** Every trunk that is configured, or that a number in `redis` prefers; the configured ones first. */
export function trunksOf(config: Config, redis: RedisFacts | null): readonly string[] {
  const preferred = (redis?.numbers ?? []).filter((each) => each.enabled).map(({ trunk }) => trunk);
  return [...new Set([...config.trunks, ...preferred.filter((trunk) => trunk !== '')])];
}

/** Each of `trunks` at every node. */
export function judgeTrunks(
  looks: readonly NodeLook[],
  trunks: readonly string[],
  unusable: ReadonlySet<string>,
): Finding[] {
  if (unusable.has('TRUNKS')) return [new Check('trunks', 'trunks').skipped('TRUNKS that can be used')];
  return trunks.flatMap((name) =>
    looks.map((look) => {
      const check = new Check(
        `trunk.${name}`,
        `trunk ${name}${looks.length > 1 ? ` at ${look.endpoint}` : ''}`,
      );
      if (look.trouble !== null) return check.skipped(`the Event Socket of ${look.endpoint}`);
      return name === SOFTPHONE_TRUNK ? judgeSoftphones(check, look) : judgeTrunk(check, name, look);
    }),
  );
}

function judgeTrunk(check: Check, name: string, { trunks, missingModules }: NodeFacts): Finding {
  if (missingModules.includes('mod_sofia')) return check.skipped('mod_sofia');
  const state: TrunkState = trunks.get(name) ?? { kind: 'unknown' };
  if (state.kind === 'unknown') {
    return check.fail(
      'FreeSWITCH has no gateway of that name: calls through it fail',
      `put ${name}.xml into freeswitch/trunks and restart FreeSWITCH, or correct TRUNKS (or the number that prefers it)`,
    );
  }
  if (state.pings && state.status !== 'UP') {
    return check.fail(
      'the carrier does not answer OPTIONS: the trunk is skipped',
      'see host and port in its file, the firewall, and whether the carrier knows your address',
    );
  }
  if (!WELL.includes(state.state)) {
    return check.fail(
      `it is not registered (${state.state})`,
      'see username, password and realm in its file, and that the carrier’s host can be reached',
    );
  }
  return state.pings
    ? check.ok(`the carrier answers OPTIONS (${state.state})`)
    : check.warn(
        `known (${state.state}), but not pinged: a dead carrier is noticed with a call`,
        'add ping, ping-max and ping-min to its file, as the examples have them',
      );
}

function judgeSoftphones(check: Check, { hasSoftphones }: NodeFacts): Finding {
  return hasSoftphones
    ? check.ok('registered softphones: for tests')
    : check.fail(
        'FreeSWITCH has no profile for softphones',
        'start it with SOFTPHONES=true, or take softphone out of TRUNKS',
      );
}

/** Whether the port that carriers call answers at all. Null: it could not be asked from here. */
export function judgeSipPort(look: NodeLook, answer: OptionsAnswer | null): Finding {
  const check = new Check('sip.port', `SIP port of ${look.endpoint}`);
  if (look.trouble !== null) return check.skipped(`the Event Socket of ${look.endpoint}`);
  if (answer === null) {
    return check.skipped(
      'to run on the host of that FreeSWITCH (its trunk profile is at another host’s address)',
    );
  }
  if (answer.status !== null) {
    return check.ok(
      `${answer.where} answers OPTIONS over UDP (status ${answer.status}): the trunk profile runs`,
    );
  }
  return check.fail(
    `${answer.where} does not answer OPTIONS over UDP`,
    'see sofia status profile trunk, and whether another program has that port',
  );
}
