import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { buildApi } from '../../../src/api/build-api.js';
import { documentedPath } from '../../../src/api/openapi/document.js';
import { ACCOUNT, BASE, credentials, FakeDeps, NOW } from './fake-deps.js';

type Json = Record<string, unknown>;

interface Content {
  readonly schema?: Json;
  readonly example?: unknown;
}
interface OperationObject {
  readonly operationId: string;
  readonly security?: unknown[];
  readonly parameters: { readonly name: string; readonly in: string; readonly schema: Json }[];
  readonly requestBody?: { readonly content: Record<string, Content> };
  readonly responses: Record<string, { readonly content?: Record<string, Content> }>;
}
interface Document extends Json {
  readonly paths: Record<string, Record<string, OperationObject>>;
  readonly components: { readonly schemas: Record<string, Json> };
}

let deps: FakeDeps;
let app: FastifyInstance;
let document: Document;
let ajv: Ajv2020;

beforeAll(async () => {
  deps = new FakeDeps();
  app = buildApi(deps);
  const response = await app.inject({ method: 'GET', url: '/openapi.json' });
  expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
  document = response.json();
  ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema({ $id: DOCUMENT_ID, components: closed(document.components) });
});

afterAll(async () => {
  await app.close();
});

/** Every operation with its path and method. */
function operations(): { path: string; method: string; operation: OperationObject }[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
}

/** The paths of Fastify's tree of routes, which prints each below the one that it begins with. */
function registeredPaths(tree: string): string[] {
  const above: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent, part] = /^([│ ]*)[├└]── (\S+) \(/.exec(line) ?? [];
    if (indent === undefined || part === undefined) return [];
    const depth = indent.length / 4;
    above.length = depth;
    above.push(part);
    return [above.join('')];
  });
}

const DOCUMENT_ID = 'https://maskline.example/openapi.json';

/** What `schema` finds wrong with `value`; a key that the schema does not name counts as wrong. */
function problems(schema: Json, value: unknown): unknown {
  const whole = JSON.stringify(closed(schema)).replaceAll('"#/', `"${DOCUMENT_ID}#/`);
  return ajv.validate(JSON.parse(whole) as Json, value) ? null : ajv.errors;
}

function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  const open = 'additionalProperties' in copy || !('properties' in copy) || copy['type'] !== 'object';
  return open ? copy : { ...copy, additionalProperties: false };
}

describe('/openapi.json', () => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(document));
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
    expect(validator.version).toBe('3.1');
  });

  it('has every route of the app, and the reverse', async () => {
    const inApp: string[] = [];
    for (const path of registeredPaths(app.printRoutes({ commonPrefix: false }))) {
      const documented = documentedPath(path);
      // The console's own requests change with its page, and are nobody else's.
      if (documented.startsWith('/console')) continue;
      // No route takes PUT: the refusal lists what the path does take.
      const url = path.replace(':authId', ACCOUNT.id).replace(/:\w+/g, 'x');
      const { headers } = await app.inject({ method: 'PUT', url, headers: credentials() });
      const methods = String(headers['allow'])
        .split(', ')
        .filter((method) => method !== 'HEAD');
      inApp.push(...methods.map((method) => `${method} ${documented}`));
    }
    const inDocument = operations().map(({ path, method }) => `${method.toUpperCase()} ${path}`);
    expect(inApp).toContain('DELETE /v1/Account/{auth_id}/Masking/Session/{session_uuid}/');
    expect(inApp.sort()).toEqual(inDocument.sort());
  });

  it('names every operation once, and refuses where credentials are needed', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations()) {
      expect('401' in operation.responses).toBe(path.startsWith('/v1/'));
      expect(operation.security === undefined).toBe(path.startsWith('/v1/'));
    }
  });

  it('has examples that conform to its schemas', () => {
    let examples = 0;
    for (const { operation } of operations()) {
      const bodies = [operation.requestBody, ...Object.values(operation.responses)];
      for (const { schema, example } of bodies.flatMap((each) => Object.values(each?.content ?? {}))) {
        if (schema === undefined || example === undefined) continue;
        examples += 1;
        expect([operation.operationId, example, problems(schema, example)]).toEqual([
          operation.operationId,
          example,
          null,
        ]);
      }
    }
    expect(examples).toBeGreaterThan(30);
  });

  it('makes mandatory what every create has to give, and shows the bounds that validate', () => {
    const create = document.components.schemas['CreateSession'] as {
      required?: string[];
      properties: Record<string, Json>;
    };
    // A session with a single party has only one of them.
    expect(create.required).toBeUndefined();
    expect(create.properties['session_expiry']).toMatchObject({
      type: 'integer',
      minimum: 60,
      maximum: deps.maxSessionExpiry,
      default: 1_800,
    });
    expect(create.properties['pin_retry']).toMatchObject({ minimum: 0, maximum: 5, default: 1 });
    expect(create.properties['first_party_pin']).toMatchObject({ pattern: '^[0-9]{4,15}$' });
    expect(create.properties['callback_method']).toMatchObject({ enum: ['GET', 'POST'] });
    for (const property of Object.values(create.properties)) expect(property).toHaveProperty('type');
  });
});

describe('answers conform to it', () => {
  async function check(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    id: string,
    payload?: Json,
  ): Promise<Json> {
    const response = await app.inject({
      method,
      url: path,
      headers: credentials(),
      ...(payload === undefined ? {} : { payload }),
    });
    const { operation } = operations().find((each) => each.operation.operationId === id)!;
    const documented = operation.responses[String(response.statusCode)];
    expect([id, response.statusCode, documented !== undefined]).toEqual([id, response.statusCode, true]);
    const schema = documented?.content?.['application/json']?.schema;
    if (schema === undefined) {
      expect(response.body).toBe('');
      return {};
    }
    expect([id, response.body, problems(schema, response.json())]).toEqual([id, response.body, null]);
    return response.json();
  }

  const PARTIES = { first_party: '+14155550101', second_party: '+14155550102' };
  const PINS = {
    is_pin_authentication_required: true,
    generate_pin: true,
    pin_prompt_play: 'https://example.com/p.mp3',
  };

  it('of sessions', async () => {
    const sessions = `${BASE}/Masking/Session/`;
    const single = { first_party: '+14155550101', create_session_with_single_party: true };
    for (const body of [PARTIES, { ...PARTIES, ...PINS }, single]) {
      const { session_uuid: id } = await check('POST', sessions, 'createSession', body);
      await check('GET', `${sessions}${String(id)}/`, 'getSession');
      await check('POST', `${sessions}${String(id)}/`, 'updateSession', { record: true });
      await check('DELETE', `${sessions}${String(id)}/`, 'deleteSession');
      await check('DELETE', `${sessions}${String(id)}/`, 'deleteSession');
      await check('POST', `${sessions}${String(id)}/`, 'updateSession', { record: true });
    }
    await check('POST', sessions, 'createSession', {});
    await check('GET', `${sessions}x`, 'getSession');
    await check('GET', `${sessions}?limit=1`, 'listSessions');
    await check('GET', `${sessions}?limit=1&offset=1`, 'listSessions');
    await check('GET', `${sessions}?limit=0`, 'listSessions');
  });

  it('of what went wrong with a session, and of its callbacks', async () => {
    const sessions = `${BASE}/Masking/Session/`;
    const { session_uuid: id } = await check('POST', sessions, 'createSession', PARTIES);
    const note = { event: 'prompt-unavailable', code: 'ERR_PROMPT_FETCH', message: 'status 404' } as const;
    deps.noted.push({ ...note, parameter: 'pin_prompt_play', first: NOW, last: NOW, count: 1 });
    await check('GET', `${sessions}${String(id)}/Event/`, 'listSessionEvents');
    await check('GET', `${sessions}x/Event/`, 'listSessionEvents');
    const record = {
      method: 'POST' as const,
      url: 'https://client.example/hook',
      parameters: [['EventName', 'SessionTimeout']] as [string, string][],
      createdAt: NOW,
    };
    const attempts = [{ at: NOW, durationMs: 12, status: 200, error: '', answer: 'ok' }];
    deps.logged.push({ sequence: 1, record, state: 'delivered', attempts });
    await check('GET', `${sessions}${String(id)}/Callback/?limit=1`, 'listCallbacks');
    await check('GET', `${sessions}${String(id)}/Callback/1/`, 'getCallback');
    await check('GET', `${sessions}${String(id)}/Callback/2/`, 'getCallback');
    await check('POST', `${sessions}${String(id)}/Callback/1/`, 'resendCallback');
  });

  it('of numbers', async () => {
    await check('POST', `${BASE}/Number/`, 'addNumbers', { numbers: '+14155550100', trunk: 'carrier-b' });
    await check('POST', `${BASE}/Number/`, 'addNumbers', { numbers: '+14155550100' });
    await check('GET', `${BASE}/Number/?limit=1`, 'listNumbers');
    await check('GET', `${BASE}/Number/?limit=0`, 'listNumbers');
    await check('GET', `${BASE}/Number/14155550100/`, 'getNumber');
    await check('POST', `${BASE}/Number/14155550100/`, 'updateNumber', { alias: 'x' });
    await check('POST', `${BASE}/Number/14155550100/`, 'updateNumber', { country: 'XX' });
    await check('DELETE', `${BASE}/Number/14155550100/`, 'removeNumber');
    await check('DELETE', `${BASE}/Number/14155550100/`, 'removeNumber');
  });

  it('of subaccounts', async () => {
    const subaccounts = `${BASE}/Subaccount/`;
    const { auth_id: id } = await check('POST', subaccounts, 'createSubaccount', { name: 'one' });
    await check('POST', subaccounts, 'createSubaccount', {});
    await check('GET', subaccounts, 'listSubaccounts');
    await check('GET', `${subaccounts}${String(id)}/`, 'getSubaccount');
    await check('POST', `${subaccounts}${String(id)}/`, 'updateSubaccount', { enabled: true });
    await check('POST', `/v1/Account/${String(id)}/Masking/Session/`, 'createSession', PARTIES);
    await check('POST', `/v1/Account/${String(id)}/Subaccount/`, 'createSubaccount', { name: 'two' });
    await check('DELETE', `${subaccounts}${String(id)}/`, 'deleteSubaccount');
    await check('DELETE', `${subaccounts}${String(id)}/`, 'deleteSubaccount');
  });

  it('of probes', async () => {
    await check('GET', '/healthz', 'getHealth');
    await check('GET', '/readyz', 'getReadiness');
    deps.readiness = () => Promise.resolve({ redis: { ok: false, detail: 'does not answer' } });
    await check('GET', '/readyz', 'getReadiness');
  });
});

describe('the reference page', () => {
  const get = (url: string, headers: Record<string, string> = {}) =>
    app.inject({ method: 'GET', url, headers });

  it('is served with all that it needs, and names no other host', async () => {
    const page = await get('/docs/');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(page.body).not.toMatch(/https?:|<style|style=|<script>|\son\w+=/);
    const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
    expect(files).toHaveLength(5);
    for (const path of files) {
      const { pathname } = new URL(path, 'http://localhost/docs/');
      const file = await get(pathname);
      expect([pathname, file.statusCode]).toEqual([pathname, 200]);
      expect(file.headers['x-content-type-options'] ?? pathname).toMatch(/^nosniff$|openapi/);
    }
    const start = (await get('/docs/start.js')).body;
    expect(start).toContain('validatorUrl: null');
    expect(start).not.toMatch(/https?:/);
  });

  it('is found without its slash, below whatever path a proxy puts it', async () => {
    const { statusCode, headers } = await get('/docs');
    expect(statusCode).toBe(302);
    expect(headers['location']).toBe('docs/');
  });

  it('lets a browser keep a file until it changes', async () => {
    const { headers } = await get('/docs/swagger-ui.css');
    const again = await get('/docs/swagger-ui.css', { 'if-none-match': String(headers['etag']) });
    expect(again.statusCode).toBe(304);
    expect(again.body).toBe('');
  });

  it.each(['package.json', '..%2fpackage.json', 'constructor', 'index.html', '__proto__'])(
    'serves nothing else, such as %s',
    async (name) => {
      expect((await get(`/docs/${name}`)).statusCode).toBe(404);
    },
  );
});
