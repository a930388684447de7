import type { FastifyInstance, FastifyRequest } from 'fastify';

import { digitsOf, parseE164, type E164 } from '../../masking/phone-number.js';
import type { VirtualNumber } from '../../masking/virtual-number.js';
import type { ApiDeps } from '../deps.js';
import { ApiError, notFound, TEXT } from '../errors.js';
import { pageMeta } from '../openapi/common.js';
import { accountOf, requireMain, sees } from '../plugins/account.js';
import { auditTarget } from '../plugins/audit.js';
import { resource } from '../plugins/resource.js';
import { numberObject } from './number-object.js';
import { numberChange, numberList, numbersToAdd } from './number-params.js';
import { pinGuardObject } from './pin-guard-object.js';
import {
  ADD_OPERATION,
  GET_OPERATION,
  LIST_OPERATION,
  REMOVE_OPERATION,
  UPDATE_OPERATION,
} from './operations.js';

/** `Number/`. A subaccount sees its own numbers; only the main account changes them. */
export function numberRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  resource(scope, '/Number', {
    POST: {
      operation: ADD_OPERATION,
      handler: async (request, reply) => {
        requireMain(request);
        const numbers = numbersToAdd(request.body, deps, deps.clock.now());
        await requireSubaccount(numbers[0]?.subaccount);
        const outcomes: { number: string; status: string }[] = [];
        for (const number of numbers) {
          outcomes.push({
            number: digitsOf(number.number),
            status: (await add(number)) ? 'Success' : 'Exists',
          });
        }
        const added = outcomes.filter(({ status }) => status === 'Success');
        auditTarget(request, added.map(({ number }) => `+${number}`).join(' '));
        if (added.length === 0) {
          throw new ApiError(400, TEXT.numberExists);
        }
        return reply.code(201).send({ api_id: request.id, message: 'created', numbers: outcomes });
      },
    },
    GET: {
      operation: LIST_OPERATION,
      handler: async (request) => {
        const account = accountOf(request);
        const list = numberList(request.query);
        const { numbers, total } = await deps.numbers.list({
          limit: list.limit,
          offset: list.offset,
          where: (number) => sees(account, number.subaccount) && list.where(number),
        });
        return {
          api_id: request.id,
          meta: pageMeta(list, total, (from) => `${account.path}/Number/?${list.page(from)}`),
          objects: numbers.map((number) => numberObject(number, account.path)),
        };
      },
    },
  });

  resource(scope, '/Number/:number', {
    GET: {
      operation: GET_OPERATION,
      handler: async (request) => {
        const account = accountOf(request);
        const number = await deps.numbers.get(numberIn(request));
        if (number === null || !sees(account, number.subaccount)) throw notFound();
        const standings = await deps.pinGuards.of(number.number, deps.clock.now());
        return {
          api_id: request.id,
          ...numberObject(number, account.path),
          pin_guard: standings.map(pinGuardObject),
        };
      },
    },
    POST: {
      operation: UPDATE_OPERATION,
      handler: async (request, reply) => {
        requireMain(request);
        const number = numberIn(request);
        const change = numberChange(request.body, number);
        await requireSubaccount(change.subaccount);
        await deps.numbers.update(number, change);
        return reply.code(202).send({ api_id: request.id, message: 'changed' });
      },
    },
    DELETE: {
      operation: REMOVE_OPERATION,
      handler: async (request, reply) => {
        requireMain(request);
        await deps.numbers.remove(numberIn(request), deps.clock.now());
        return reply.code(204).send();
      },
    },
  });

  /** Throws ApiError 400 unless it is one of ours, "" or nothing. */
  async function requireSubaccount(id: string | undefined): Promise<void> {
    if (id === undefined || id === '' || (await deps.accounts.get(id)) !== null) return;
    throw new ApiError(400, TEXT.unknownSubaccount);
  }

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
