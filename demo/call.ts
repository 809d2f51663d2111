import type { Event } from '../schemas/event.js'
import type { Problem } from '../schemas/problem.js'
import type { SyncRequest } from '../schemas/request.js'
import type { SyncResult } from '../schemas/result.js'
import { readEvents } from '../src/index.js'

export interface Call {
  url: string
  accept: 'application/json' | 'application/x-ndjson'
  body: SyncRequest
}

/** The call as a line for the shell. `-N` shows each event at once. */
export function curlLine(call: Call): string {
  const headers = Object.entries(headersOf(call)).map(([name, value]) => `-H '${name}: ${value}'`)
  const body = JSON.stringify(call.body).replaceAll("'", "'\\''")
  return `curl -sSN ${call.url} ${headers.join(' ')} -d '${body}'`
}

/** Posts and waits for one JSON document. */
export async function postForDocument(call: Call): Promise<SyncResult> {
  const response = await post(call)
  return (await response.json()) as SyncResult
}

/** Posts and reads the stream of events to its last line, the result or an error. */
export async function postForEvents(call: Call, onEvent: (event: Event) => void): Promise<SyncResult> {
  for await (const event of readEvents(await post(call))) {
    onEvent(event)
    if (event.type === 'result') return event.result as SyncResult
    if (event.type === 'error') throw failure(event.error)
  }
  throw new Error(`${call.url}: the stream is truncated, it has no last line`)
}

async function post(call: Call): Promise<Response> {
  const response = await fetch(call.url, {
    method: 'POST',
    headers: headersOf(call),
    body: JSON.stringify(call.body),
  })
  if (response.ok) return response
  throw failure((await response.json()) as Problem)
}

function headersOf({ accept }: Call) {
  return { Accept: accept, 'Content-Type': 'application/json' }
}

function failure({ code, detail, refs = [] }: Problem) {
  const reasons = refs.map(({ ref, reason }) => `\n  ${ref}: ${reason}`)
  return new Error(`${code}: ${detail}${reasons.join('')}`)
}
