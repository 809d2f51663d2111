import { performance } from 'node:perf_hooks'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Problem } from '../../schemas/problem.js'
import { FLUSH, pkt, startFakeRemote } from '../../testing/packets/wire.js'
import { startService } from '../../testing/processes/service-process.js'

const MIB = 1024 * 1024
const DOCUMENT = { 'content-type': 'application/json', accept: 'application/json' }

/** A remote whose repositories are named by the MiB of refs that they list, short names all of them. */
async function listingRemote(t: Test) {
  const id = (number: number) => number.toString(16).padStart(40, '1')
  const lines = (from: number) =>
    Buffer.concat(
      Array.from({ length: 1000 }, (_, at) =>
        pkt(`${id(from + at)} refs/heads/${(from + at).toString(36).padStart(5, '0')}\n`),
      ),
    )
  // Made once: many are listed at a time.
  const blocks = Array.from({ length: 500 }, (_, at) => lines(at * 1000))
  const { url, close } = await startFakeRemote(async (request, response) => {
    const service = request.url?.includes('upload-pack') ? 'git-upload-pack' : 'git-receive-pack'
    response.setHeader('content-type', `application/x-${service}-advertisement`)
    const first = pkt(
      `${id(0)} refs/heads/0\0report-status delete-refs ofs-delta side-band-64k agent=evil/1\n`,
    )
    const bytes = Number(/(\d+)-mib/.exec(request.url ?? '')?.[1] ?? 0) * MIB
    const end = !request.url?.includes('without-end')
    function* listing() {
      yield Buffer.concat([pkt(`# service=${service}\n`), FLUSH, first])
      for (let [sent, at] = [0, 0]; sent < bytes; at++) {
        const block = blocks[at % blocks.length] as Buffer
        sent += block.length
        yield block
      }
      if (end) yield FLUSH
    }
    await pipeline(Readable.from(listing(), { objectMode: false }), response, { end }).catch(() => {})
  })
  t.teardown(close)
  return url
}

/** A service whose heap is small. */
const smallService = (t: Test) =>
  startService(t, { NODE_OPTIONS: '--max-old-space-size=256', GITSYNC_EGRESS_POLICY: 'any' })

/** Requests `/healthz` repeatedly, and returns the longest duration. */
function watchHealth(url: string) {
  let [longest, isOver] = [0, false]
  const watching = (async () => {
    while (!isOver) {
      const began = performance.now()
      await (await fetch(`${url}/healthz`)).text()
      longest = Math.max(longest, performance.now() - began)
      await sleep(10)
    }
  })()
  return async () => {
    isOver = true
    await watching
    return Math.round(longest)
  }
}

t.test('sixteen large listings at once do not end a process of 256 MiB', async (t) => {
  const remote = await listingRemote(t)
  const { url, child } = await smallService(t)
  const stop = watchHealth(url)
  const probe = async (name: string, signal?: AbortSignal) => {
    const body = JSON.stringify({ source: { url: remote(name) } })
    const init = { method: 'POST', headers: DOCUMENT, body, ...(signal && { signal }) }
    return (await (await fetch(`${url}/probe`, init)).json()) as Partial<Problem>
  }
  const held = async () => {
    const text = await (await fetch(`${url}/metrics`)).text()
    return Number(/^gitsync_memory_held_bytes (\d+)/m.exec(text)?.[1])
  }
  const alone = await probe('80-mib')
  t.match(alone, { code: 'overloaded', retryable: false, detail: /GITSYNC_MEMORY_BUDGET.*raise it/ })

  const disconnect = new AbortController()
  const hostile = Array.from({ length: 15 }, (_, at) => probe(`${at}/20-mib-without-end`, disconnect.signal))
  const ended = Promise.allSettled(hostile)
  let most = 0
  for (let now = await held(); now > most || now < 100 * MIB; now = await held()) {
    most = Math.max(now, most)
    await sleep(100)
  }
  t.equal((await probe('small/0-mib')).code, undefined, 'a small run works meanwhile')
  disconnect.abort()
  await ended
  while ((await held()) > 0) await sleep(20)
  t.comment(`${Math.round(most / MIB)} MiB were held, /healthz took ${await stop()} ms at most`)
  t.equal(child.exitCode, null)
})
