import type { Event } from '../schemas/event.js'
import type { SyncRequest } from '../schemas/request.js'
import type { Examples, Exchange, Route } from '../src/service/openapi/openapi-examples.js'
import { copyRefs, type Stage, stage } from '../testing/cases/stage.js'
import { eventsIn, serveApp } from '../testing/processes/served-app.js'

/** Asks the real service, between real git servers, for the examples of the OpenAPI document. */
export async function recordExamples(): Promise<Examples> {
  const cleanups: (() => unknown)[] = []
  const t = { teardown: (action: () => Promise<void>) => cleanups.push(action) }
  try {
    const scene = await stage(t)
    const { url } = await serveApp(t, { client: scene.client })
    return await record(scene, new Recorder(scene, url))
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup()
  }
}

/** Runs what people run, in an order in which each run has something to do. */
async function record(scene: Stage, recorder: Recorder): Promise<Examples> {
  const { source, target } = scene
  await source.commit('main')
  await copyRefs(source, target)
  await source.branch('release/1.0', await source.commit('main'))
  await source.tag('v1.0', 'release/1.0', { annotated: true })
  const request = scene.request({ policy: { includeTags: true } })

  const probe = await recorder.ask('/probe', { source: request.source, target: request.target })
  const plan = await recorder.ask('/plan', request)
  const problems = await recordEarlyProblems(scene, recorder)
  const sync = await recorder.ask('/sync', request)

  await target.commit('main', { message: 'a commit that the source does not have\n' })
  problems.blocked_refs = await recorder.ask('/sync', request)
  const replicate = await recorder.ask('/replicate', scene.request())

  await source.commit('main')
  const stream = await recorder.stream('/sync', request)
  return { results: { probe, plan, sync, replicate }, stream, problems }
}

async function recordEarlyProblems(scene: Stage, { ask }: Recorder): Promise<Examples['problems']> {
  const { source } = scene
  const policy = { includeTags: true, expectedPlan: `sha256:${'0'.repeat(64)}` }
  const misspelt = { ...scene.request(), policy: { prunee: true } }
  const missing = { ...scene.request(), source: { url: source.url.replace('repository', 'no-such') } }
  const mappings = [{ source: 'no-such', target: 'main' }]
  return {
    invalid_request: await ask('/sync', misspelt),
    not_acceptable: await ask('/sync', scene.request(), { accept: 'text/html' }),
    unsupported_media_type: await ask('/sync', scene.request(), { 'content-type': 'text/xml' }),
    plan_changed: await ask('/sync', scene.request({ policy })),
    no_matching_refs: await ask('/sync', scene.request({ scope: { mappings } })),
    source_not_found: await ask('/sync', missing),
  }
}

class Recorder {
  constructor(
    private readonly scene: Stage,
    private readonly url: string,
  ) {}

  readonly ask = async (route: Route, request: unknown, headers = {}): Promise<Exchange> => {
    const response = await this.#post(route, request, { accept: 'application/json', ...headers })
    const text = this.#published(await response.text())
    return {
      route,
      request: JSON.parse(this.#published(JSON.stringify(request))),
      response: JSON.parse(text),
    }
  }

  /** Without the lines that depend on how fast things went, and with the source before the target. */
  async stream(route: Route, request: SyncRequest): Promise<Examples['stream']> {
    const response = await this.#post(route, request, {})
    const events = eventsIn(this.#published(await response.text()))
    const lasting = events.filter(({ type }) => type !== 'progress' && type !== 'remote')
    const isTarget = (event: Event) => event.type === 'discovered' && event.side === 'target'
    const at = lasting.findIndex((event) => event.type === 'planned')
    return [
      ...lasting.slice(0, at).filter((event) => !isTarget(event)),
      ...lasting.filter(isTarget),
      ...lasting.slice(at),
    ]
  }

  #post(route: Route, request: unknown, headers: Record<string, string>): Promise<Response> {
    return fetch(`${this.url}${route}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(request),
    })
  }

  /** With names for what is another one each time. */
  #published(text: string): string {
    const { source, target } = this.scene
    const places = [
      [new URL(source.url).origin, 'https://git.example.com'],
      [new URL(target.url).origin, 'https://mirror.example.com'],
    ]
    const named = places.reduce((text, [ours = '', published = '']) => text.replaceAll(ours, published), text)
    return named
      .replaceAll('/repository.git', '/team/project.git')
      .replaceAll('/no-such.git', '/team/no-such.git')
      .replace(/"requestId":"[^"]+"/g, '"requestId":"0f6e9d8c-4f0b-4c57-9a43-5b8f2f1f6d55"')
      .replace(/"time":"[^"]+"/g, '"time":"2026-11-22T06:00:00.000Z"')
  }
}
