import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { Metrics } from '../../../src/telemetry/metrics.js';
import { NOW } from '../../helpers/sessions.js';

const FOLDER = new URL('../../../operations/', import.meta.url);

/** Every series that a controller can show, with all its labels. */
async function series(): Promise<Map<string, Set<string>>> {
  const metrics = new Metrics(
    () =>
      Promise.resolve({
        ...{ redisUp: true, calls: 1, callbacks: { waiting: 1, oldest: 1 } },
        bucket: { up: true, waiting: { uploads: 1, removals: 1 } },
        nodes: [{ node: 'fs:8021', up: true, held: true }],
        numbers: [{ country: 'US', enabled: true, count: 1 }],
      }),
    '1',
  );
  const leg = {
    uuid: '1',
    party: 'first',
    startedAt: NOW,
    ringingAt: NOW,
    answeredAt: NOW,
    bridgedAt: NOW,
  } as const;
  for (const role of ['a', 'b'] as const) {
    metrics.legEnded({
      ...{ ...leg, role, endedAt: NOW, cause: 'USER_BUSY', sipStatus: null, endedBy: 'a', trunk: 'carrier' },
    });
  }
  metrics.pinChecked('wrong');
  metrics.unconnected('loop');
  metrics.heard(1);
  metrics.redisAnswered('route', 1, true);
  metrics.callbackAttempted('failed', 1);
  metrics.transferred('upload', 'done', 1);
  metrics.questionTaken('answered', 1);
  metrics.requestAnswered({ method: 'GET', route: '/', status: 200, elapsedMs: 1 });
  metrics.sessionCreated(null);
  const found = new Map<string, Set<string>>();
  for (const line of (await metrics.text()).split('\n')) {
    const [, name, labels = ''] = /^([a-z_0-9]+)(?:\{(.*)\})? /.exec(line) ?? [];
    if (name === undefined) continue;
    const known = found.get(name) ?? new Set();
    for (const [, label] of labels.matchAll(/([a-z_]+)="/g)) known.add(label ?? '');
    found.set(name, known);
  }
  return found;
}

/** What is added to every series by whoever scrapes it. */
const SCRAPED = ['instance', 'job'];

describe.each(['alerts.yml', 'grafana-dashboard.json'])('operations/%s', (file) => {
  it('names only metrics that there are, and labels that they have', async () => {
    const [known, text] = [await series(), await readFile(new URL(file, FOLDER), 'utf8')];
    const used = [...text.matchAll(/\b((?:maskline|nodejs|process)_[a-z0-9_]+)(?:\{([^}]*)\})?/g)];
    expect(used.length).toBeGreaterThan(5);
    for (const [, name = '', selector = ''] of used) {
      // In a text a histogram goes by its own name.
      expect(known.has(name) || known.has(`${name}_count`), name).toBe(true);
      for (const [, label = ''] of selector.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)) {
        expect([...(known.get(name) ?? []), ...SCRAPED], `${name}{${label}}`).toContain(label);
      }
    }
    const labels = new Set([...[...known.values()].flatMap((each) => [...each]), ...SCRAPED]);
    for (const [, list = ''] of text.matchAll(/\bby \(([a-z_, ]+)\)/g)) {
      for (const label of list.split(',')) expect([...labels]).toContain(label.trim());
    }
  });
});

it('the dashboard has no two panels of one id, and each asks for something', async () => {
  const { panels } = JSON.parse(await readFile(new URL('grafana-dashboard.json', FOLDER), 'utf8')) as {
    panels: { id: number; title: string; targets: { expr: string }[] }[];
  };
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const { title, targets } of panels) expect(targets.length, title).toBeGreaterThan(0);
});
