import { z } from 'zod';

import { VERSION } from '../../version.js';
import { TEXT } from '../errors.js';
import { EXAMPLE_API_ID, REFUSAL } from './common.js';
import { TAGS, type Answer, type Operation } from './operation.js';

/** A route of the app that the reference describes. `url` as Fastify has it, with `:parameters`. */
export interface DescribedRoute {
  readonly method: string;
  readonly url: string;
  readonly operation: Operation;
}

type Json = Record<string, unknown>;

const PATH_PARAMETERS: Readonly<Record<string, { description: string; example: string }>> = {
  auth_id: {
    description: 'The account: `AUTH_ID`, or the id of a subaccount.',
    example: 'MAXXXXXXXXXXXXXXXXXX',
  },
};

const REFUSALS: Readonly<Record<number, readonly [description: string, text: string]>> = {
  400: ['The request cannot be carried out; `error` names the parameter.', TEXT.badRequest],
  401: ['No credentials, wrong ones, or those of another account.', TEXT.unauthorized],
  403: ['The account may not do this.', TEXT.forbidden],
  404: ['Not known to this account.', TEXT.notFound],
  409: ['It cannot be done at the moment.', TEXT.personInCall],
  410: ['It is no longer there.', TEXT.notFound],
  413: ['The body is too large.', TEXT.tooLarge],
  415: ['The body is not JSON.', TEXT.mediaType],
  416: ['The range lies beyond the end.', TEXT.badRequest],
  429: ['Too many requests; `Retry-After` says when to come back.', TEXT.rate],
  500: ['A fault of the server. It is in the log, with the `api_id`.', TEXT.internal],
  503: ['Not ready.', TEXT.internal],
};

const INTRODUCTION = `
The API of a Maskline controller. Paths, parameters and answers are those of Plivo's Masking Session API where it has them.

Schemas show the form of a value that is to be preferred. Beside it are taken: numbers as strings, booleans as \`"true"\`, \`"false"\`,
\`1\` and \`0\`, phone numbers and PINs as JSON numbers, and \`null\` or \`""\` for what is not given. Unknown keys are ignored.
Paths may end with a slash or not. Every answer has an \`api_id\`; refusals are \`{"api_id", "error"}\`.`.trim();

/** The OpenAPI 3.1 document of these routes. `publicUrl` without a trailing slash. */
export function openApiDocument(routes: readonly DescribedRoute[], publicUrl: string): Json {
  const components: Json = {};
  const paths: Record<string, Json> = {};
  for (const { method, url, operation } of routes) {
    const path = documentedPath(url);
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationObject(path, operation, components) };
  }
  schemaObject(REFUSAL, components);
  const used = new Set(routes.map(({ operation }) => operation.tag));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Maskline',
      version: VERSION,
      description: INTRODUCTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: publicUrl }],
    security: [{ account: [] }],
    tags: Object.entries(TAGS)
      .filter(([name]) => used.has(name as keyof typeof TAGS))
      .map(([name, description]) => ({ name, description })),
    paths: Object.fromEntries(Object.entries(paths).sort(([one], [other]) => (one < other ? -1 : 1))),
    components: {
      securitySchemes: {
        account: { type: 'http', scheme: 'basic', description: 'The id of the account and its token.' },
      },
      schemas: Object.fromEntries(
        Object.entries(components).sort(([one], [other]) => (one < other ? -1 : 1)),
      ),
    },
  };
}

/** Parameters of routes whose documented name is another one. */
const DOCUMENTED_NAMES: Readonly<Record<string, string>> = { sessionId: 'session_uuid' };

/** `/v1/Account/:authId/Number/:number` is `/v1/Account/{auth_id}/Number/{number}/`. */
export function documentedPath(url: string): string {
  const path = url.replace(
    /:([A-Za-z]+)/g,
    (_, name: string) => `{${DOCUMENTED_NAMES[name] ?? snakeCase(name)}}`,
  );
  return path.startsWith('/v1/') ? `${path}/` : path;
}

function operationObject(path: string, operation: Operation, components: Json): Json {
  const { id, tag, summary, description, body, bodyExample } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(operation.open === true ? { security: [] } : {}),
    parameters: [...pathParameters(path), ...queryParameters(operation, components)],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: requiredOf(body).length > 0,
            content: {
              'application/json': {
                schema: schemaObject(body, components),
                ...(bodyExample === undefined ? {} : { example: bodyExample }),
              },
            },
          },
        }),
    responses: {
      ...Object.fromEntries(
        Object.entries(operation.answers).map(([status, answer]) => [
          status,
          answerObject(answer, components),
        ]),
      ),
      ...Object.fromEntries(refusalsOf(path, operation).map((status) => [status, refusalObject(status)])),
    },
  };
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
    ...PATH_PARAMETERS[name],
  }));
}

function queryParameters({ query }: Operation, components: Json): Json[] {
  if (query === undefined) return [];
  const required = requiredOf(query);
  return Object.entries(query.shape).map(([name, schema]) => {
    const { description, ...rest } = schemaObject(schema as z.ZodType, components);
    return {
      name,
      in: 'query',
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function answerObject({ description, schema, example, media }: Answer, components: Json): Json {
  if (schema === undefined) {
    return media === undefined
      ? { description }
      : { description, content: Object.fromEntries(media.map((type) => [type, {}])) };
  }
  const content = {
    schema: schemaObject(schema, components),
    ...(example === undefined ? {} : { example }),
  };
  return { description, content: { 'application/json': content } };
}

function refusalsOf(path: string, operation: Operation): number[] {
  const { body, query, open, refusals = [] } = operation;
  const statuses = new Set(refusals);
  if (body !== undefined || query !== undefined) statuses.add(400);
  if (open !== true) for (const status of [401, 429, 500]) statuses.add(status);
  if (/\{(?!auth_id\})/.test(path)) statuses.add(404);
  if (body !== undefined) for (const status of [413, 415]) statuses.add(status);
  return [...statuses].sort((one, other) => one - other);
}

function refusalObject(status: number): Json {
  const [description, error] = REFUSALS[status] ?? ['Refused.', TEXT.badRequest];
  return {
    description,
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/Refusal' },
        example: { api_id: EXAMPLE_API_ID, error },
      },
    },
  };
}

/** The JSON Schema of what clients send and get; schemas with an `id` go to the components. */
function schemaObject(schema: z.ZodType, components: Json): Json {
  // A root that has an id becomes a reference only where something else holds it.
  const { properties = {}, $defs = {} } = z.toJSONSchema(z.object({ root: schema }), {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // The bounds of a double say nothing about the API.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  for (const [id, definition] of Object.entries($defs)) components[id] = inComponents(definition);
  return inComponents(properties['root'] as Json);
}

function inComponents<T>(schema: T): T {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as T;
}

function requiredOf(schema: z.ZodObject): string[] {
  const { required } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return required ?? [];
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
