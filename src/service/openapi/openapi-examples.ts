import { readFileSync } from 'node:fs'
import type { Event } from '../../../schemas/event.js'
import { problems } from '../../../schemas/problem.js'

export type Route = '/probe' | '/plan' | '/sync' | '/replicate'

/** A request and the response to it. */
export interface Exchange {
  route: Route
  request: unknown
  response: unknown
}

/** The examples that `npm run openapi` records from real runs. */
export interface Examples {
  /** A successful run of each operation. */
  results: Record<string, Exchange>
  /** The events of a sync. */
  stream: Event[]
  /** Problem documents by code. */
  problems: Record<string, Exchange>
}

interface Media {
  examples?: Record<string, unknown>
}
interface Document {
  paths?: object
  components?: object
}
interface Operation {
  requestBody: { content: Record<string, Media> }
  responses: Record<string, { content: Record<string, Media> }>
}

/** Adds the recorded requests, results, events and problems to the document. */
export function withExamples<T extends Document>(document: T): T {
  const { results, stream, problems: failures } = readExamples()
  const paths = document.paths as Record<Route, { post: Operation }>
  const examples: Record<string, unknown> = {}
  for (const [name, { route, request, response }] of Object.entries(results)) {
    const { post } = paths[route]
    const success = post.responses['200']?.content ?? {}
    add(post.requestBody.content['application/json'], { [name]: { value: request } })
    add(success['application/json'], { [name]: { value: response } })
    add(success['application/x-ndjson'], { events: { $ref: '#/components/examples/events' } })
    for (const code of Object.keys(failures) as (keyof typeof problems)[]) {
      const documented = post.responses[problems[code].status]
      add(documented?.content['application/problem+json'], {
        [code]: { $ref: `#/components/examples/${code}` },
      })
    }
  }
  for (const [code, { response }] of Object.entries(failures)) examples[code] = { value: response }
  examples.events = { value: stream.map((event) => `${JSON.stringify(event)}\n`).join('') }
  return { ...document, components: { ...document.components, examples } }
}

function add(media: Media | undefined, examples: Record<string, unknown>): void {
  if (media) media.examples = { ...media.examples, ...examples }
}

function readExamples(): Examples {
  return JSON.parse(readFileSync(new URL('../../../../openapi/examples.json', import.meta.url), 'utf8'))
}
