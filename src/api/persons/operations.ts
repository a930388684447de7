import { z } from 'zod';

import { API_ID, EXAMPLE_API_ID } from '../openapi/common.js';
import type { Operation } from '../openapi/operation.js';

const REMOVED = z
  .object({
    sessions: z.int().describe('That the person was a party of; each with its calls, callbacks and events.'),
    interactions: z.int().describe("Calls that joined the person's phone, also in sessions of others."),
    callbacks: z.int().describe('Entries of callback logs, sent or not, that named the person.'),
    recordings: z.int().describe('Record, file and object.'),
    keys: z
      .int()
      .describe('What was kept under a name made of the number: routes, memories, counts of wrong PINs.'),
    records: z.int().describe('Call records of FreeSWITCH that waited on the disk of this controller.'),
    unreadable: z
      .int()
      .describe('Documents left because no data key opens them: nobody can tell whom they name.'),
    complete: z
      .boolean()
      .describe('False when something new was found each time, or the bucket cannot be reached; ask again.'),
  })
  .meta({ id: 'Erased' });

export const eraseOperation = (body: z.ZodObject): Operation => ({
  id: 'erasePerson',
  tag: 'persons',
  summary: 'Erase a person',
  description:
    'Removes everything that is stored of the person with this number, for all accounts: sessions, live ones too, with ' +
    'everything in them; calls in sessions of others; recordings with their files. It cannot be undone. It looks through ' +
    'all that is stored, twice at least, and may take minutes where there is much. 409 while a call of the person is up.',
  body,
  bodyExample: { phone_number: '+14155550101' },
  refusals: [403, 409],
  answers: {
    200: {
      description: 'What was removed.',
      schema: z.object({ api_id: API_ID, message: z.literal('erased'), removed: REMOVED }),
      example: {
        api_id: EXAMPLE_API_ID,
        message: 'erased',
        removed: {
          ...{
            sessions: 3,
            interactions: 5,
            callbacks: 41,
            recordings: 2,
            keys: 9,
            records: 0,
            unreadable: 0,
          },
          complete: true,
        },
      },
    },
  },
});
