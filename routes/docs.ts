import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { serviceOperation } from '../src/service/openapi.js'

export function docsRoutes(app: FastifyInstance): void {
  const schema = serviceOperation({
    operationId: 'openapi',
    summary: 'This document.',
    result: Type.Object({}, { description: 'OpenAPI 3.1.' }),
  })
  app.get('/openapi.json', { schema }, () => app.swagger())
}
