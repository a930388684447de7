import type { FastifyInstance } from 'fastify';

import { digitsOf } from '../../masking/phone-number.js';
import type { BrowserPhoneAccounts } from '../deps.js';
import { notFound } from '../errors.js';
import { requireMain } from '../plugins/account.js';
import { requireAccount, type AuthWatch, type Credentials } from '../plugins/auth.js';
import { BuiltPage, folderOfPage, FOREVER } from '../plugins/built-page.js';
import { sendFile, sendPage } from '../plugins/served-file.js';

/**
 * `/phones/`: two test phones on one page, and what they register with. Routes of a page, so no part of the
 * described API. The page and its files hold no secret and are open to everybody who reaches this port; the
 * phones' password is told to who has the main account's credentials.
 */
export function phoneRoutes(
  app: FastifyInstance,
  credentials: Credentials,
  phones: BrowserPhoneAccounts,
  watch: AuthWatch,
): void {
  const built = new BuiltPage(folderOfPage('phones'), 'Maskline phones', 'build:phones');
  const headers = {
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; " +
      `connect-src 'self' ${phones.url}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'permissions-policy': 'microphone=(self), camera=(), geolocation=()',
    'cache-control': 'no-cache',
  };

  app.get('/phones', async (request, reply) => sendPage(request, reply, await built.page(), headers));
  app.get('/phones/assets/:file', async (request, reply) => {
    const { file } = request.params as { file: string };
    const asset = await built.asset(file);
    if (asset === null) throw notFound();
    return sendFile(request, reply, asset, FOREVER);
  });
  app.register(
    async (scope) => {
      await requireAccount(scope, credentials, watch);
      scope.post('/', (request) => {
        requireMain(request);
        return {
          api_id: request.id,
          url: phones.url,
          password: phones.password,
          phones: phones.numbers.map((number) => digitsOf(number)),
        };
      });
    },
    { prefix: '/phones/accounts/:authId' },
  );
}
