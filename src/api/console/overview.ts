import type { ControllerReport, NodeReport } from '../../calls/node-report.js';
import type { ConsoleDeps } from '../deps.js';

/** Everything that the page shows of the installation. Instants are ISO 8601. */
export interface Overview {
  readonly redis: { readonly up: boolean };
  readonly controllers: readonly {
    readonly id: string;
    readonly host: string;
    readonly version: string;
    readonly started_at: string;
    readonly seen_at: string;
    /** Endpoints of the nodes that it has. */
    readonly holds: readonly string[];
  }[];
  readonly nodes: readonly {
    readonly endpoint: string;
    readonly name: string;
    readonly state: NodeReport['state'] | 'unknown';
    readonly held_by: string | null;
    readonly draining: boolean;
    readonly up_since: string | null;
    readonly seen_at: string | null;
    readonly calls: number;
  }[];
  readonly trunks: readonly {
    readonly name: string;
    readonly node: string;
    readonly state: 'up' | 'down' | 'unknown';
    readonly ping_ms: number | null;
  }[];
  readonly calls_running: number;
  readonly callbacks: { readonly waiting: number; readonly oldest_seconds: number | null };
}

/** `now`: the real time, in milliseconds since the epoch. Rejects when Redis cannot be reached. */
export async function overviewOf(deps: ConsoleDeps, now: number): Promise<Overview> {
  const reports = await deps.board.read(now);
  const holders = holdersIn(reports);
  const [calls, running, callbacks] = await Promise.all([
    Promise.all(holders.map(async ({ node }) => (node.name === '' ? 0 : await deps.callsOn(node.name)))),
    deps.callsRunning(),
    deps.callbacks(),
  ]);
  return {
    redis: { up: true },
    controllers: reports.map(({ id, host, version, startedAt, at, nodes }) => ({
      ...{ id, host, version, started_at: iso(startedAt), seen_at: iso(at) },
      holds: nodes.filter(({ isHeld }) => isHeld).map(({ endpoint }) => endpoint),
    })),
    nodes: holders.map(({ node, report }, index) => ({
      endpoint: node.endpoint,
      name: node.name,
      // Nobody has it: each stands by, and none knows.
      state: node.isHeld ? node.state : 'unknown',
      held_by: node.isHeld ? report.id : null,
      draining: node.isDraining,
      up_since: node.isHeld && node.upSince > 0 ? iso(node.upSince) : null,
      seen_at: node.isHeld ? iso(report.at) : null,
      calls: calls[index] ?? 0,
    })),
    trunks: holders.flatMap(({ node }) =>
      node.trunks.map(({ name, state, pingMs }) => ({
        ...{ name, node: node.name === '' ? node.endpoint : node.name, state, ping_ms: pingMs },
      })),
    ),
    calls_running: running,
    callbacks: {
      waiting: callbacks.waiting,
      oldest_seconds:
        callbacks.oldestAt === null ? null : Math.max(0, Math.round((now - callbacks.oldestAt) / 1_000)),
    },
  };
}

/** Each node by its holder's report, or, while nobody has it, by anybody's. */
function holdersIn(reports: readonly ControllerReport[]): { node: NodeReport; report: ControllerReport }[] {
  const byEndpoint = new Map<string, { node: NodeReport; report: ControllerReport }>();
  for (const report of reports) {
    for (const node of report.nodes) {
      const known = byEndpoint.get(node.endpoint);
      if (known === undefined || (node.isHeld && !known.node.isHeld))
        byEndpoint.set(node.endpoint, { node, report });
    }
  }
  return [...byEndpoint.values()].sort((one, other) => (one.node.endpoint < other.node.endpoint ? -1 : 1));
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
