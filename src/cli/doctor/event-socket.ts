import { Check, START_WITH_OURS, type Finding } from './findings.js';
import type { NodeFacts, NodeLook } from './node-look.js';

const TROUBLES: Readonly<Record<string, readonly [cause: string, cure: string]>> = {
  password: [
    'it refuses the password',
    'set FREESWITCH_PASSWORD to the one that this FreeSWITCH was started with (event_socket.conf.xml)',
  ],
  'access-list': [
    'its access list does not name this host ("rude rejection")',
    'add this host’s address to EVENT_SOCKET_ALLOW of FreeSWITCH, and restart it',
  ],
  ECONNREFUSED: ['nothing listens there', 'start FreeSWITCH, or correct FREESWITCH_NODES'],
  ENOTFOUND: ['there is no such host', 'correct FREESWITCH_NODES'],
  ETIMEDOUT: ['it does not answer as an Event Socket', 'check the firewall and the port in FREESWITCH_NODES'],
};

/** The releases that calls were tried with: the stack's own first. */
const TRIED = ['1.10.12', '1.11.2'] as const;

/** What an Event Socket and the node behind it are like. */
export function judgeEventSocket(look: NodeLook, unusable: ReadonlySet<string>): Finding[] {
  const check = new Check('event-socket', `FreeSWITCH ${look.endpoint}`);
  if (unusable.has('FREESWITCH_NODES')) return [check.skipped('FREESWITCH_NODES that can be used')];
  if (look.trouble !== null) {
    if (look.trouble === 'password' && unusable.has('FREESWITCH_PASSWORD')) {
      return [check.skipped('a FREESWITCH_PASSWORD that can be used')];
    }
    const [cause, cure] = TROUBLES[look.trouble] ?? [
      `it cannot be asked (${look.trouble})`,
      'see FreeSWITCH’s log, and that FREESWITCH_NODES names Event Sockets',
    ];
    return [check.fail(cause, cure)];
  }
  return [
    TRIED.some((version) => look.version.startsWith(version.slice(0, 4)))
      ? check.ok(`answers as ${look.switchname}, version ${look.version}`)
      : check.warn(
          `its version is ${look.version}`,
          `use ${TRIED[0]}: beside ${TRIED[1]} nothing else was tried`,
        ),
    judgeModules(look),
    judgePlan(look),
    ...judgeReadiness(look),
  ];
}

function judgeModules({ endpoint, missingModules }: NodeFacts): Finding {
  const check = new Check('freeswitch.modules', `FreeSWITCH ${endpoint} modules`);
  return missingModules.length === 0
    ? check.ok('all that calls need are loaded')
    : check.fail(
        `not loaded: ${missingModules.join(', ')}`,
        'load them in modules.conf.xml, and install their packages',
      );
}

function judgePlan({ endpoint, missingExtensions }: NodeFacts): Finding {
  const check = new Check('freeswitch.dialplan', `FreeSWITCH ${endpoint} dialplan`);
  return missingExtensions.length === 0
    ? check.ok('dialplan/masking.xml is loaded')
    : check.fail(`its context "masking" lacks ${missingExtensions.join(', ')}`, START_WITH_OURS);
}

function judgeReadiness({ endpoint, isReady, globals }: NodeFacts): Finding[] {
  const check = new Check('freeswitch.ready', `FreeSWITCH ${endpoint} calls`);
  if (globals.node_draining === 'true') {
    return [check.warn('it drains: new calls get 503', 'wait for its end, or start it again')];
  }
  return isReady
    ? []
    : [check.fail('it says that it takes no calls', 'see its log; fsctl resume ends a pause')];
}

/** Two nodes of one name cannot be told apart in records. */
export function judgeNames(looks: readonly NodeLook[]): Finding[] {
  const check = new Check('freeswitch.names', 'FreeSWITCH names');
  const names = new Map<string, string[]>();
  for (const look of looks) {
    if (look.trouble === null)
      names.set(look.switchname, [...(names.get(look.switchname) ?? []), look.endpoint]);
  }
  const twice = [...names].filter(([, endpoints]) => endpoints.length > 1);
  if (twice.length > 0) {
    const which = twice.map(([name, endpoints]) => `${name} (${endpoints.join(', ')})`).join('; ');
    return [check.fail(`used twice: ${which}`, 'give each FreeSWITCH a NODE_NAME of its own')];
  }
  return looks.length > 1 && names.size === looks.length ? [check.ok('each node has its own')] : [];
}
