import Type from 'typebox'
import { Check } from 'typebox/schema'
import type { Event } from '../schemas/event.js'
import type { Problem } from '../schemas/problem.js'
import { GitSyncError } from './errors.js'

/**
 * Reads the service's response to a run as typed events, as they arrive. Leaving the loop early disconnects, which
 * cancels the run.
 * @throws GitSyncError if the response is a problem document
 * @throws Error if the response is not a stream of events, or is truncated
 */
export async function* readEvents(
  response: Response | AsyncIterable<Uint8Array>,
): AsyncGenerator<Event, void> {
  let last: Event | undefined
  for await (const line of linesOf(await bodyOf(response))) {
    last = parseEvent(line)
    yield last
  }
  if (last?.type !== 'result' && last?.type !== 'error') {
    throw new Error(
      'The stream of events is truncated: it has no last line, so the outcome of the run is unknown.',
    )
  }
}

async function bodyOf(response: Response | AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  if (Symbol.asyncIterator in response) return response
  if (!response.ok) throw await failureOf(response)
  const type = mediaType(response)
  if (type === 'application/x-ndjson' && response.body) return response.body
  await response.body?.cancel()
  throw new Error(`The response is ${type}: for events, send Accept: application/x-ndjson.`)
}

/** The error for a problem document, or for a failed response without one. */
async function failureOf(response: Response): Promise<Error> {
  const text = await response.text()
  const problem = mediaType(response) === 'application/problem+json' ? parse(text) : undefined
  if (!isProblem(problem)) {
    const hint = 'perhaps from a proxy in front of the service'
    return new Error(`Unexpected HTTP ${response.status} without a problem document, ${hint}.`)
  }
  return new GitSyncError(problem.code, problem.detail, problem)
}

/** Accepts unknown codes too, which a newer service may send. */
function isProblem(value: unknown): value is Problem {
  return Check(Known, value)
}

const Known = Type.Object({ code: Type.String(), detail: Type.String(), retryable: Type.Boolean() })

function mediaType(response: Response): string {
  return response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? 'of no type'
}

/** Yields lines without their ends. The pieces of a line are joined once, as a result may arrive in thousands. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let pieces: string[] = []
  for await (const chunk of chunks) {
    const [first = '', ...others] = decoder.decode(chunk, { stream: true }).split('\n')
    pieces.push(first)
    for (const piece of others) {
      yield pieces.join('')
      pieces = [piece]
    }
  }
  const rest = pieces.join('')
  if (rest !== '') yield rest
}

function parseEvent(line: string): Event {
  const event = parse(line)
  if (typeof event === 'object' && event !== null && 'type' in event) return event as Event
  throw new Error(`This line of the stream is not an event, or is truncated: ${line.slice(0, 100)}`)
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
