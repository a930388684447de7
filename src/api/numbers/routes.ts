import type { FastifyInstance, FastifyRequest } from 'fastify';

import { digitsOf, parseE164, type E164 } from '../../masking/phone-number.js';
import type { VirtualNumber } from '../../masking/virtual-number.js';
import type { ApiDeps } from '../deps.js';
import { ApiError, notFound, TEXT } from '../errors.js';
import { pageMeta } from '../openapi/common.js';
import { accountOf } from '../plugins/account.js';
import { resource } from '../plugins/resource.js';
import { numberObject } from './number-object.js';
import { numbersToAdd, pageOf } from './number-params.js';
import { ADD_OPERATION, GET_OPERATION, LIST_OPERATION, REMOVE_OPERATION } from './operations.js';

/** `Number/` of one account. */
export function numberRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  resource(scope, '/Number', {
    POST: {
      operation: ADD_OPERATION,
      handler: async (request, reply) => {
        const numbers = numbersToAdd(request.body, deps, deps.clock.now());
        const outcomes: { number: string; status: string }[] = [];
        for (const number of numbers) {
          outcomes.push({
            number: digitsOf(number.number),
            status: (await add(number)) ? 'Success' : 'Exists',
          });
        }
        if (!outcomes.some(({ status }) => status === 'Success')) {
          throw new ApiError(400, TEXT.numberExists);
        }
        return reply.code(201).send({ api_id: request.id, message: 'created', numbers: outcomes });
      },
    },
    GET: {
      operation: LIST_OPERATION,
      handler: async (request) => {
        const { path } = accountOf(request);
        const page = pageOf(request.query);
        const { numbers, total } = await deps.numbers.list(page);
        return {
          api_id: request.id,
          meta: pageMeta(page, total, (from) => `${path}/Number/?limit=${page.limit}&offset=${from}`),
          objects: numbers.map((number) => numberObject(number, path)),
        };
      },
    },
  });

  resource(scope, '/Number/:number', {
    GET: {
      operation: GET_OPERATION,
      handler: async (request) => {
        const number = await deps.numbers.get(numberIn(request));
        if (number === null) throw notFound();
        return { api_id: request.id, ...numberObject(number, accountOf(request).path) };
      },
    },
    DELETE: {
      operation: REMOVE_OPERATION,
      handler: async (request, reply) => {
        await deps.numbers.remove(numberIn(request), deps.clock.now());
        return reply.code(204).send();
      },
    },
  });

  /** False when the number is ours already. */
  async function add(number: VirtualNumber): Promise<boolean> {
    try {
      await deps.numbers.add(number);
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ERR_NUMBER_EXISTS') return false;
      throw error;
    }
  }
}

/** The number in the path, with or without `+`. Throws ApiError 404: what is no number is not ours. */
function numberIn(request: FastifyRequest): E164 {
  const { number: text } = request.params as { number: string };
  const number = /^\+?\d+$/.test(text) ? parseE164(text) : null;
  if (number === null) throw notFound();
  return number;
}
