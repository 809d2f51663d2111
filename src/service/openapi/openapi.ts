import type { SwaggerOptions } from '@fastify/swagger'
import type Type from 'typebox'
import { Event } from '../../../schemas/event.js'
import { libraryCodes, Problem, type ProblemCode, problemCodes, problems } from '../../../schemas/problem.js'
import { VERSION } from '../../version.js'
import { withExamples } from './openapi-examples.js'
import { hoistSchemas } from './openapi-schemas.js'

export const openapiOptions: SwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'git-sync',
      version: VERSION,
      description: [
        'Mirrors Git refs from one remote to another by streaming packs, and reports the outcome ref by ref.',
        'The response of a run is a stream of events unless `Accept` names `application/json`. Generated clients ' +
          'expect the document, but fetch and most others send `*/*` by default, so set the header once:',
        '- openapi-fetch: `createClient<paths, "application/json" | "application/problem+json">({ baseUrl, ' +
          'headers: { Accept: "application/json" } })`',
        '- openapi-python-client: `Client(base_url=…, headers={"Accept": "application/json"})`',
        '- curl: `-H "Accept: application/json"`',
        'For the stream, `readEvents(response)` of the npm package yields typed events.',
      ].join('\n\n'),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The service that serves this document.' }],
    components: {
      securitySchemes: {
        callerToken: {
          type: 'http',
          scheme: 'bearer',
          description: "A caller's token, if the service requires one (`GITSYNC_API_TOKENS`).",
        },
      },
    },
    tags: [
      { name: 'runs', description: 'Operations on remotes.' },
      { name: 'service', description: 'Health, metrics and documentation of the service.' },
    ],
  },
  // /docs responds with and without a trailing slash.
  transform: ({ schema, url }) => ({ schema, url: url.replace(/(?<=.)\/$/, '') }),
  transformObject: (document) =>
    'openapiObject' in document ? withExamples(hoistSchemas(document.openapiObject)) : {},
}

/** Callers with a token, or all callers if the service requires none. */
export const callers: Record<string, string[]>[] = [{ callerToken: [] }, {}]

interface Operation {
  operationId: string
  summary: string
  result: Type.TSchema
}

/** The OpenAPI operation of a route that responds with a document or a stream. */
export function runOperation({ operationId, summary, body, result }: Operation & { body: Type.TSchema }) {
  return {
    operationId,
    summary,
    description:
      'One JSON document if `Accept` names `application/json` or `application/*`; otherwise a stream of events. ' +
      'Errors before the plan is complete have their own status; in a stream, later ones are its last line.',
    tags: ['runs'],
    security: callers,
    body,
    response: {
      200: {
        description: 'The result, or a stream of events that ends with a `result` or an `error`.',
        content: {
          'application/json': { schema: result },
          'application/x-ndjson': {
            schema: {
              type: 'string',
              description: 'One JSON object per line, each an `Event`.',
              contentMediaType: 'application/x-ndjson',
              contentSchema: Event,
            },
          },
        },
      },
      ...problemResponses(problemCodes.filter((code) => !libraryCodes.has(code))),
    },
  }
}

/** The OpenAPI operation of a route about the service itself; open to all unless `security` is given. */
export function serviceOperation(operation: Operation & ServiceOperation) {
  const { operationId, summary, result, problems: codes = [] } = operation
  const { contentType = 'application/json', security = [] } = operation
  return {
    operationId,
    summary,
    tags: ['service'],
    security,
    response: {
      200: { description: summary, content: { [contentType]: { schema: result } } },
      ...problemResponses(codes),
    },
  }
}

interface ServiceOperation {
  problems?: ProblemCode[]
  contentType?: string
  security?: typeof callers
}

/** The responses for problems, by HTTP status. */
function problemResponses(codes: readonly ProblemCode[]) {
  const statuses = [...new Set(codes.map((code) => problems[code].status))]
  return Object.fromEntries(statuses.map((status) => [status, problemResponse(status, codes)]))
}

function problemResponse(status: number, codes: readonly ProblemCode[]) {
  const ofStatus = codes.filter((code) => problems[code].status === status)
  return {
    description: ofStatus.map((code) => `\`${code}\`: ${problems[code].title}.`).join(' '),
    ...(ofStatus.some((code) => problems[code].retryable) ? { headers: retryAfter } : {}),
    content: { 'application/problem+json': { schema: Problem } },
  }
}

const retryAfter = {
  'Retry-After': { type: 'integer', description: 'Seconds to wait, if known.' },
}
