import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { stage } from '../../testing/cases/stage.js'
import { holdAfter } from '../../testing/faults/response-faults.js'
import type { GitServer } from '../../testing/git/git-server.js'
import { DOCUMENT, STREAM, serveApp } from '../../testing/processes/served-app.js'

/** Posts over a connection of its own. */
function openCall(url: string, body: unknown, accept: string) {
  const headers = { 'content-type': 'application/json', accept }
  const request = httpRequest(url, { method: 'POST', headers, agent: false })
  const call = {
    answer: undefined as IncomingMessage | undefined,
    answered: once(request, 'response') as Promise<[IncomingMessage]>,
    disconnect: () => request.destroy(),
  }
  // The test breaks it off itself.
  call.answered.then(
    ([response]) => {
      call.answer = response.on('error', () => {})
    },
    () => {},
  )
  request.on('error', () => {})
  request.end(JSON.stringify(body))
  return call
}

/** Two remotes, each pack of the source stopped halfway: both have work in hand until the run ends. */
async function stageMidway(t: Test) {
  const run = { hold: holdAfter(200_000), pushBegan: () => {} }
  const { source, target, client, request } = await stage(t, {
    source: {
      handle: async ({ kind, body }) => {
        // Not the question which haves it knows: that has no "done".
        const isFetch = kind === 'call' && (await body()).includes('done')
        return isFetch ? { type: 'rewrite', transform: run.hold.transform } : undefined
      },
    },
  })
  // More than all buffers on the way can hold.
  await source.bigHistory({ commits: 10, bytesPerCommit: 2_500_000 })
  const theirs = await target.commit('theirs')
  target.server.intercept = (request, _response, next) => {
    if (request.method === 'POST' && request.url?.endsWith('/git-receive-pack')) run.pushBegan()
    next()
  }
  /** Resolves when the next run has come halfway. */
  const nextMidway = () => {
    run.hold = holdAfter(200_000)
    const pushBegan = new Promise<void>((resolve) => {
      run.pushBegan = resolve
    })
    return Promise.all([run.hold.reached, pushBegan])
  }
  const { url } = await serveApp(t, { client })
  return { source, target, theirs, url, body: request(), nextMidway }
}

/** A response that a server never sends. */
function nextRequest(server: GitServer): Promise<ServerResponse> {
  return new Promise((resolve) => {
    server.intercept = (_request, response) => resolve(response)
  })
}

/** Every git process of both servers has exited, the unfinished ones without completing their responses. */
async function ended({ source, target }: Pick<Awaited<ReturnType<typeof stageMidway>>, 'source' | 'target'>) {
  await Promise.all([source.server.idle(), target.server.idle()])
  return [source, target].map(({ requests }) => requests.at(-1)?.complete)
}

const midway = await stageMidway(t)

for (const [form, accept] of [
  ['stream', STREAM],
  ['document', DOCUMENT],
] as const) {
  t.test(
    `a caller of a ${form} that disconnects during the relay ends the run on both remotes`,
    async (t) => {
      const { source, target, theirs, url, body, nextMidway } = midway
      const reached = nextMidway()
      const call = openCall(`${url}/sync`, body, accept)
      await reached
      if (form === 'stream') t.equal((await call.answered)[0].statusCode, 200)
      else t.equal(call.answer, undefined, 'no status line yet')
      t.match(
        [source, target].map(({ requests }) => requests.at(-1)),
        [
          { service: 'git-upload-pack', complete: false },
          { service: 'git-receive-pack', complete: false },
        ],
      )

      call.disconnect()

      t.strictSame(await ended({ source, target }), [false, false])
      t.strictSame(await target.soundRefs(), { 'refs/heads/theirs': theirs })
    },
  )

  t.test(`a caller of a ${form} that disconnects while the remotes are silent releases both`, async (t) => {
    const { source, target, client, request } = await stage(t)
    await source.commit('main')
    const { url } = await serveApp(t, { client })
    for (const path of ['/probe', '/plan', '/sync', '/replicate']) {
      const responses = Promise.all([source, target].map(({ server }) => nextRequest(server)))
      const call = openCall(`${url}${path}`, request(), accept)
      const letGo = (await responses).map((response) => once(response, 'close'))
      t.equal(call.answer, undefined, `${path}: no status line yet`)
      call.disconnect()
      await Promise.all(letGo)
    }
    t.match(
      [...source.requests, ...target.requests],
      Array(8).fill({ method: 'GET', complete: false }),
      'both received one request for each call, and neither had responded',
    )
    t.strictSame(await target.refs(), {})
  })
}

t.test('a caller that reads its response to the end cancels nothing', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  let aborted = false
  const watched = new Proxy(client, {
    get: (_, name: 'sync') => (body: never, options: { signal: AbortSignal; onEvent: () => void }) => {
      options.signal.addEventListener('abort', () => {
        aborted = true
      })
      return client[name](body, options)
    },
  })
  const { url, app } = await serveApp(t, { client: watched })
  for (const accept of [STREAM, DOCUMENT]) {
    const call = openCall(`${url}/sync`, request(), accept)
    const [response] = await call.answered
    await response.resume().toArray()
    call.disconnect()
  }
  await app.close()
  t.equal(aborted, false)
  t.strictSame(await target.refs(), await source.refs())
})
