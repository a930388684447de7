import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

import { resource } from '../plugins/resource.js';
import { openApiDocument, type DescribedRoute } from './document.js';
import { referencePage } from './reference-page.js';

/**
 * `/openapi.json` and the page that shows it. Call it before any other route is added: it describes the
 * routes that come after it, and itself.
 */
export function openApiRoutes(app: FastifyInstance, publicUrl: string): void {
  const described: DescribedRoute[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    // HEAD is added by Fastify beside every GET, with the same configuration.
    if (config?.operation === undefined || method === 'HEAD') return;
    described.push({ method: String(method), url, operation: config.operation });
  });

  let document: string | null = null;
  resource(app, '/openapi.json', {
    GET: {
      operation: {
        id: 'getOpenApi',
        tag: 'health',
        summary: 'This document',
        answers: { 200: { description: 'OpenAPI 3.1.', schema: z.looseObject({ openapi: z.string() }) } },
        open: true,
      },
      handler: (_request, reply) => {
        document ??= JSON.stringify(openApiDocument(described, publicUrl));
        return reply.type('application/json; charset=utf-8').send(document);
      },
    },
  });
  referencePage(app);
}
