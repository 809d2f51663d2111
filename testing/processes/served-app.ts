import type { FastifyInstance } from 'fastify'
import type { Event } from '../../schemas/event.js'
import type { Problem } from '../../schemas/problem.js'
import { type AppOptions, buildApp } from '../../src/app.js'
import { Client, type RunOptions, type SyncRequest } from '../../src/index.js'

export const DOCUMENT = 'application/json'
export const STREAM = 'application/x-ndjson'

export interface ServedApp {
  app: FastifyInstance
  url: string
  /** Posts JSON; `accept` is left to fetch where none is given. */
  post(path: string, body: unknown, accept?: string): Promise<Response>
}

interface Teardown {
  teardown(action: () => Promise<void>): unknown
}

export interface ServeOptions extends Partial<AppOptions> {
  /** Called before the application listens. */
  prepare?: (app: FastifyInstance) => void
}

/** The HTTP application on a free port of the loopback interface; it ends with the test. */
export async function serveApp(t: Teardown, options: ServeOptions = {}): Promise<ServedApp> {
  const { prepare, ...rest } = options
  const app = await buildApp({ client: new Client(), ...rest })
  prepare?.(app)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(async () => {
    app.server.closeAllConnections()
    await app.close()
  })
  const post = (path: string, body: unknown, accept?: string) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(accept === undefined ? {} : { accept }) },
      body: JSON.stringify(body),
    })
  return { app, url, post }
}

/** A client whose every operation is this work, for tests where only the response matters. */
export function fakeClient(
  work: (options: Required<RunOptions>, request: SyncRequest) => Promise<unknown>,
): Client {
  const operation = (request: SyncRequest, options: Required<RunOptions>) => work(options, request)
  const all = { probe: operation, plan: operation, sync: operation, replicate: operation }
  return all as unknown as Client
}

/** Every line of a stream. */
export async function eventsOf(response: Response): Promise<Event[]> {
  return eventsIn(await response.text())
}

export function eventsIn(text: string): Event[] {
  const lines = text.split('\n')
  if (lines.pop() !== '') throw new Error('the last line has no end')
  return lines.map((line) => JSON.parse(line) as Event)
}

/** The problem document of a response, which must be one. */
export async function problemOf(response: Response): Promise<Problem> {
  const type = response.headers.get('content-type')
  if (type !== 'application/problem+json')
    throw new Error(`no problem document, but ${response.status} ${type}`)
  return (await response.json()) as Problem
}

/** Takes in whatever is logged, from trace on. */
export function captureLog() {
  const lines: string[] = []
  const write = (line: string) => {
    lines.push(line)
  }
  return { lines, logger: { level: 'trace', stream: { write } } }
}
