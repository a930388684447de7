import { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

import type { ApiDeps } from '../deps.js';
import { ApiError, invalid } from '../errors.js';
import { phone } from '../params/fields.js';
import { paramsOf, read } from '../params/read.js';
import { requireMain } from '../plugins/account.js';
import { resource } from '../plugins/resource.js';
import { eraseOperation } from './operations.js';

/** `Person/Erase/`, for the main account only. The number is in the body: a URL is logged on its way. */
export function personRoutes(scope: FastifyInstance, { persons, numbers, defaultCountry }: ApiDeps): void {
  const schema = z.object({
    phone_number: phone('phone_number', defaultCountry).describe(
      'Of the person. E.164, with or without `+`.',
    ),
  });
  resource(scope, '/Person/Erase', {
    POST: {
      operation: eraseOperation(schema),
      handler: async (request) => {
        requireMain(request);
        const { phone_number: person } = read(schema, paramsOf(request.body));
        if ((await numbers.get(person)) !== null) {
          throw new ApiError(400, invalid('phone_number', 'is a virtual number of this account'));
        }
        // It may be silent for longer than a connection may. A request that was injected has no socket.
        if (request.raw.socket instanceof Socket) request.raw.socket.setTimeout(0);
        return { api_id: request.id, message: 'erased', removed: await persons.erase(person) };
      },
    },
  });
}
