import Type from 'typebox'
import { Check } from 'typebox/schema'
import type { Event } from '../schemas/event.js'
import type { Problem } from '../schemas/problem.js'
import { GitSyncError } from './errors.js'

/**
 * Reads the service's answer to a run as typed events, as they come. Leaving the loop early hangs up, which
 * cancels the run.
 * @throws GitSyncError where the answer is a problem document
 * @throws Error where it is no stream of events, or one that was cut
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
    throw new Error('The stream of events was cut: it has no last line, so nobody knows how the run ended.')
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

/** The error that a problem document of the service tells of, or one about an answer that is none. */
async function failureOf(response: Response): Promise<Error> {
  const text = await response.text()
  const problem = mediaType(response) === 'application/problem+json' ? parse(text) : undefined
  if (!isProblem(problem)) {
    return new Error(
      `The service, or what stands before it, answered ${response.status} without a problem of its own.`,
    )
  }
  return new GitSyncError(problem.code, problem.detail, problem)
}

/** Also one whose code is newer than this version. */
function isProblem(value: unknown): value is Problem {
  return Check(Known, value)
}

const Known = Type.Object({ code: Type.String(), detail: Type.String(), retryable: Type.Boolean() })

function mediaType(response: Response): string {
  return response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? 'of no type'
}

/** Lines without their ends. The pieces of a long one are joined once, as a result may come in thousands of them. */
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
  throw new Error(`This line of the stream is no event, or was cut: ${line.slice(0, 100)}`)
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
