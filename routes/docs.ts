import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { serviceOperation } from '../src/service/openapi.js'

/** The OpenAPI document, and a page to read and try it: all of it from here, nothing from elsewhere. */
export async function docsRoutes(app: FastifyInstance): Promise<void> {
  const document = serviceOperation({
    operationId: 'openapi',
    summary: 'This document.',
    result: Type.Object({}, { description: 'OpenAPI 3.1.' }),
  })
  app.get('/openapi.json', { schema: document }, () => app.swagger())
  const page = serviceOperation({
    operationId: 'docs',
    summary: 'A page to read and try this API.',
    result: Type.String({ description: 'HTML.' }),
    contentType: 'text/html',
  })
  // The library hides its routes from the document.
  app.addHook('onRoute', (route) => {
    if (/^\/docs\/?$/.test(route.url)) route.schema = page
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    theme: { title: 'git-sync' },
    uiConfig: { layout: 'BaseLayout', tryItOutEnabled: true, displayRequestDuration: true },
    staticCSP: policy,
  })
}

const policy = {
  'default-src': "'none'",
  'script-src': "'self'",
  // The one style that the page writes into itself.
  'style-src': ["'self'", "'unsafe-hashes'", "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='"],
  'img-src': ["'self'", 'data:'],
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
}
