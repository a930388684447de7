import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { laneNumbers } from '../helpers/lane-numbers.js';
import { formsOf, tellingHeaders } from '../helpers/traces.js';
import { RealBed } from './helpers/real-bed.js';

const ROOT = new URL('../../', import.meta.url).pathname;
const { second } = laneNumbers(0);

let folder: string;
let bed: RealBed;

beforeAll(async () => {
  // A dialplan that dials B without what an answer's dial string says of who calls.
  folder = await mkdtemp(join(tmpdir(), 'maskline-test-'));
  const plan = await readFile(join(ROOT, 'dialplan/masking.xml'), 'utf8');
  const bridge = 'data="${masking_dial}"';
  expect(plan).toContain(bridge);
  await copyFile(join(ROOT, 'dialplan/legs.xml'), join(folder, 'legs.xml'));
  await writeFile(
    join(folder, 'masking.xml'),
    plan.replaceAll(bridge, `data="{originate_timeout=20}sofia/gateway/lane0/${second}"`),
  );
  bed = await RealBed.start({ controllers: 1, lanes: 1, environment: { DIALPLAN_DIR: folder } });
});

afterAll(async () => {
  await bed.close();
  await rm(folder, { recursive: true });
});

it('tells B nothing of A, who is anonymous then, and A nothing of B', async () => {
  const lane = await bed.lane();
  await lane.session();
  await lane.callee(lane.second, { kind: 'answer', afterMs: 300 });
  const call = await lane.call({
    from: lane.first,
    displayName: `Anna ${lane.first.slice(1)}`,
    headers: tellingHeaders(lane.first),
    steps: [{ wait: 500 }, { hangup: true }],
  });
  expect(call.status).toBe(200);
  const [invite] = await lane.invites();
  expect(invite?.received).toMatch(/^From: "?anonymous"? <sip:anonymous@/im);
  for (const form of formsOf(lane.first)) expect(invite?.received).not.toContain(form);
  for (const form of formsOf(lane.second)) expect(call.received).not.toContain(form);
});
