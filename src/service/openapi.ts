import type { SwaggerOptions } from '@fastify/swagger'
import type Type from 'typebox'
import { Event } from '../../schemas/event.js'
import { Problem, problems } from '../../schemas/problem.js'
import { VERSION } from '../version.js'

export const openapiOptions: SwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'git-sync',
      version: VERSION,
      description:
        'Mirrors Git refs from one remote to another by streaming packs, and says what it did ref by ref.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
  },
  transformObject: (document) => ('openapiObject' in document ? withComponents(document.openapiObject) : {}),
}

interface RunOperation {
  operationId: string
  summary: string
  body: Type.TSchema
  result: Type.TSchema
}

/** The OpenAPI side of a route that answers with a document or a stream. */
export function runOperation({ operationId, summary, body, result }: RunOperation) {
  const statuses = [...new Set(Object.values(problems).map(({ status }) => status))].filter(
    (status) => status !== 499,
  )
  const problem = (status: number) => ({
    description: Object.values(problems)
      .filter((entry) => entry.status === status)
      .map(({ title }) => title)
      .join('. '),
    content: { 'application/problem+json': { schema: Problem } },
  })
  return {
    operationId,
    summary,
    body,
    response: {
      200: {
        description: 'The result, or a stream of events that a `result` or an `error` ends.',
        content: {
          'application/json': { schema: result },
          'application/x-ndjson': {
            schema: {
              type: 'string',
              description: 'One JSON object a line, each as the component `Event` says.',
            },
          },
        },
      },
      ...Object.fromEntries(statuses.map((status) => [status, problem(status)])),
    },
  }
}

type Json = Record<string, unknown>

/** Hoists every schema that has a title to a component of that name, and refers to it where it stood. */
function withComponents<T>(document: T): T {
  const components: Json = {}
  const hoist = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(hoist)
    if (typeof value !== 'object' || value === null) return value
    const inner: Json = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hoist(item)]))
    if (inner.discriminator !== undefined && inner.anyOf !== undefined) {
      inner.oneOf = inner.anyOf
      delete inner.anyOf
    }
    const isSchema = inner.type !== undefined || inner.oneOf !== undefined
    if (typeof inner.title !== 'string' || !isSchema) return inner
    components[inner.title] = inner
    return { $ref: `#/components/schemas/${inner.title}` }
  }
  const hoisted = hoist(document) as Json
  hoist(Event)
  return { ...hoisted, components: { ...(hoisted.components as Json), schemas: components } } as T
}
