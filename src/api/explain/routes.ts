import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';

import type { ApiDeps } from '../deps.js';
import { notFound } from '../errors.js';
import { API_ID, EXAMPLE_API_ID } from '../openapi/common.js';
import type { Operation } from '../openapi/operation.js';
import { accountOf, sees } from '../plugins/account.js';
import { resource } from '../plugins/resource.js';
import { EXPLANATION, explanationOf, type Explanation } from './explanation.js';
import { ExplainParams } from './params.js';

const EXAMPLE: Explanation = {
  outcome: 'connect',
  explanation: 'The caller is the first party, and is connected to the other party through carrier.',
  rule: 'known-caller',
  rules: [
    {
      rule: 'number-in-service',
      decided: false,
      explanation: 'The number is a virtual number in service.',
    },
    {
      rule: 'caller-is-no-virtual-number',
      decided: false,
      explanation: 'The caller is not one of the virtual numbers.',
    },
    {
      rule: 'known-caller',
      decided: true,
      explanation: 'The caller is a party of a live session on the number.',
    },
  ],
  virtual_number: '15550001000',
  session_uuid: '3f0d8e0e-6f5c-4a53-9b0c-2f6f8f2b6a11',
  caller: 'first_party',
  calls: '14155550102',
  trunks: ['carrier'],
  ring_timeout: 45,
  call_time_limit: 14400,
  record: false,
  pin: null,
  limit: null,
  status: null,
};

const OPERATION = {
  tag: 'calls',
  summary: 'What would happen to a call now, and why',
  description:
    'Goes through the same rules as a real call. Nothing is dialled, claimed, counted or told to anybody. A subaccount ' +
    'may ask about its own numbers, and is told by its own sessions only.',
  answers: {
    200: {
      description: 'The explanation.',
      schema: z.object({ api_id: API_ID, response: EXPLANATION }),
      example: { api_id: EXAMPLE_API_ID, response: EXAMPLE },
    },
  },
} as const;

const byQuery = (query: z.ZodObject): Operation => ({ ...OPERATION, id: 'explainCall', query });

const byBody = (body: z.ZodObject): Operation => ({
  ...OPERATION,
  id: 'explainCallByBody',
  summary: `${OPERATION.summary}: for numbers and PINs that are to stand in no address`,
  body,
  bodyExample: { to: '15550001000', from: '14155550101', pin: '4711', own_digits: '' },
  changesNothing: true,
});

/** `Masking/Explain/`: what would happen to a call now, by which rule and which session. */
export function explainRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const params = new ExplainParams(deps);
  const explain = async (request: FastifyRequest, asked: unknown): Promise<object> => {
    const account = accountOf(request);
    const call = params.read(asked);
    const rehearsal = await deps.rehearsals.rehearse({ ...call, sees: (owner) => sees(account, owner) });
    // Whose number it is, or that it is nobody's, is not for another subaccount.
    if (!account.isMain && !(rehearsal.number !== null && sees(account, rehearsal.number.subaccount))) {
      throw notFound();
    }
    return { api_id: request.id, response: explanationOf(rehearsal, call.number) };
  };
  resource(scope, '/Masking/Explain', {
    GET: {
      operation: byQuery(params.schema),
      handler: (request) => explain(request, request.query),
    },
    POST: {
      operation: byBody(params.schema),
      handler: (request) => explain(request, request.body),
    },
  });
}
