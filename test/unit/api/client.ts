import type { FastifyInstance, InjectOptions } from 'fastify';
import { expect } from 'vitest';

import { credentials } from './fake-deps.js';

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export type Body = Record<string, unknown>;

export interface ApiAnswer {
  readonly status: number;
  readonly body: Body;
  readonly text: string;
  readonly headers: Record<string, unknown>;
}

/** Sends requests to an API that does not listen, as the main account unless `headers` say otherwise. */
export class ApiClient {
  constructor(readonly app: FastifyInstance) {}

  async send(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'HEAD',
    url: string,
    payload?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer> {
    const options: InjectOptions = { method, url, headers: { ...credentials(), ...headers } };
    if (payload !== undefined) options.payload = payload as Exclude<InjectOptions['payload'], undefined>;
    const response = await this.app.inject(options);
    const body = response.body === '' ? {} : response.json<Body>();
    return { status: response.statusCode, body, text: response.body, headers: response.headers };
  }
}

export function expectError(answer: { status: number; body: Body }, status: number, text: string): void {
  expect(answer.body['error']).toBe(text);
  expect(answer.status).toBe(status);
  expect(Object.keys(answer.body)).toEqual(['api_id', 'error']);
  expect(answer.body['api_id']).toMatch(UUID);
}
