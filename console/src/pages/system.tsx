import type { Overview } from '../api/resources.js';
import { Badge } from '../parts/badge.js';
import { DataTable } from '../parts/data-table.js';
import { Facts } from '../parts/facts.js';
import { PageHead, Panel } from '../parts/panel.js';
import { Empty, Loaded } from '../parts/states.js';
import { Moment } from '../parts/time.js';
import { useConsole } from '../state/console-context.js';
import { useResource } from '../state/resource.js';
import { count, shortId, span } from '../text/format.js';
import { NODE_WORDS, TRUNK_WORDS } from '../text/words.js';

/** What Maskline runs on, and how it stands. */
export function SystemPage() {
  const { api, session } = useConsole();
  const overview = useResource('overview', api.overview, 5_000);
  return (
    <>
      <PageHead title="System" name="System" />
      <Loaded resource={overview} what="the state of the system">
        {(value) => (
          <>
            <Nodes overview={value} />
            <Trunks overview={value} />
            <Controllers overview={value} />
            <div class="two">
              <Panel title="Redis">
                <Facts
                  facts={[
                    [
                      'State',
                      <Badge key="redis" words={value.redis.up ? ['up', 'good'] : ['down', 'bad']} />,
                    ],
                  ]}
                />
                {value.redis.up ? null : (
                  <p class="hint">
                    Calls of known callers go on from memory; sessions cannot be created. Look at REDIS_URL
                    and at Redis’ own log.
                  </p>
                )}
              </Panel>
              <Panel title="Callback queue">
                <Facts
                  facts={[
                    ['Waiting', count(value.callbacks.waiting)],
                    [
                      'The oldest waits for',
                      value.callbacks.oldest_seconds === null || value.callbacks.waiting === 0
                        ? '–'
                        : span(value.callbacks.oldest_seconds * 1_000),
                    ],
                  ]}
                />
                <p class="hint">
                  A session shows its callbacks, how they were answered, and sends them again.
                </p>
              </Panel>
            </div>
          </>
        )}
      </Loaded>
      <p class="hint">
        Version {session.version}, reached as <span class="url">{session.public_url}</span>.
      </p>
    </>
  );
}

function Nodes({ overview: { nodes, controllers } }: { overview: Overview }) {
  const holder = (id: string | null): string =>
    id === null ? 'nobody' : (controllers.find((each) => each.id === id)?.host ?? shortId(id));
  return (
    <Panel title="Nodes">
      {nodes.length === 0 ? (
        <Empty title="No node is configured.">FREESWITCH_NODES names the Event Sockets of the nodes.</Empty>
      ) : (
        <DataTable
          caption="Nodes"
          rows={nodes}
          keyOf={(node) => node.endpoint}
          columns={[
            { title: 'Node', cell: (node) => node.name },
            { title: 'Event Socket', cell: (node) => node.endpoint },
            {
              title: 'State',
              cell: (node) => (
                <>
                  <Badge words={NODE_WORDS[node.state]} />{' '}
                  {node.draining ? <Badge words={['draining', 'warn']} /> : null}
                </>
              ),
            },
            { title: 'Calls', isNumber: true, cell: (node) => count(node.calls) },
            { title: 'Held by', cell: (node) => holder(node.held_by) },
            { title: 'Up since', cell: (node) => <Moment at={node.up_since} /> },
            { title: 'Seen', cell: (node) => <Moment at={node.seen_at} isRelative /> },
          ]}
        />
      )}
    </Panel>
  );
}

function Trunks({ overview: { trunks } }: { overview: Overview }) {
  return (
    <Panel title="Trunks">
      {trunks.length === 0 ? (
        <Empty title="No trunk is configured.">
          TRUNKS names the gateways; each is a file in freeswitch/trunks.
        </Empty>
      ) : (
        <DataTable
          caption="Trunks"
          rows={trunks}
          keyOf={(trunk) => `${trunk.name} ${trunk.node}`}
          columns={[
            { title: 'Trunk', cell: (trunk) => trunk.name },
            { title: 'Node', cell: (trunk) => trunk.node },
            { title: 'State', cell: (trunk) => <Badge words={TRUNK_WORDS[trunk.state]} /> },
            {
              title: 'Ping',
              isNumber: true,
              cell: (trunk) => (trunk.ping_ms === null ? '–' : span(trunk.ping_ms)),
            },
          ]}
        />
      )}
    </Panel>
  );
}

function Controllers({ overview: { controllers } }: { overview: Overview }) {
  return (
    <Panel title="Controllers">
      <DataTable
        caption="Controllers"
        rows={controllers}
        keyOf={(controller) => controller.id}
        columns={[
          { title: 'Controller', cell: (controller) => <code>{shortId(controller.id)}</code> },
          { title: 'Host', cell: (controller) => controller.host },
          { title: 'Version', cell: (controller) => controller.version },
          {
            title: 'Holds',
            cell: (controller) => (controller.holds.length === 0 ? 'no node' : controller.holds.join(', ')),
          },
          { title: 'Started', cell: (controller) => <Moment at={controller.started_at} /> },
          { title: 'Seen', cell: (controller) => <Moment at={controller.seen_at} isRelative /> },
        ]}
      />
    </Panel>
  );
}
