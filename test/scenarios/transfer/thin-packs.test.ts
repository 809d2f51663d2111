import { writeFile } from 'node:fs/promises'
import t from 'tap'
import { failureOf, type Stage, stage } from '../../../testing/cases/stage.js'
import type { RequestInfo } from '../../../testing/faults/proxy.js'
import { addingRefs, corruptPack, mapPackets } from '../../../testing/faults/response-faults.js'
import { git } from '../../../testing/git/git.js'
import { linesOf, readPush } from '../../../testing/packets/packets.js'
import { pkt } from '../../../testing/packets/wire.js'

/** A file that changes a little in each commit, so that a delta is far smaller than the file. */
async function longFile({ source }: Pick<Stage, 'source'>, change = '') {
  const lines = Array.from({ length: 20_000 }, (_, index) => `${index * 7919} ${index ** 3}`)
  lines[10_000] = change
  return source.commit('main', { files: { 'long.txt': lines.join('\n') } })
}

for (const policy of [
  {},
  { force: true },
  { mode: 'replicate' as const },
  { prune: true },
  { protocol: 'v1' as const },
]) {
  t.test(`an update is a thin pack of deltas: ${JSON.stringify(policy)}`, async (t) => {
    const { source, target, client, request } = await stage(t)
    await longFile({ source })
    await client.sync(request())
    const whole = source.requests.at(-1)?.responseBytes ?? 0
    await longFile({ source }, 'a change')
    source.server.resetRequests()

    await client.sync(request({ policy }))

    const { responseBytes = 0 } = source.requests.at(-1) ?? {}
    t.ok(whole > 50_000, `${whole} bytes for all of it`)
    t.ok(responseBytes < 3000, `${responseBytes} bytes for the change`)
    t.strictSame(await target.soundRefs(), await source.refs())
  })
}

t.test('a rewritten branch costs no more than what is new in it', async (t) => {
  const { source, target, client, request } = await stage(t)
  const base = await longFile({ source })
  await longFile({ source }, 'first try')
  await client.sync(request())
  await source.branch('main', base)
  await longFile({ source }, 'second try')
  source.server.resetRequests()

  await client.sync(request({ policy: { force: true } }))

  t.ok((source.requests.at(-1)?.responseBytes ?? 0) < 3000)
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('a first sync asks for no thin pack, an update does, unless the target says no-thin', async (t) => {
  const asked: string[][] = []
  const record = async ({ kind, body }: RequestInfo) => {
    if (kind === 'call') asked.push(linesOf(await body()))
    return undefined
  }
  const isThin = () => asked.at(-1)?.includes('thin-pack')
  const { source, client, request } = await stage(t, { source: { handle: record } })
  await longFile({ source })
  await client.sync(request())
  t.equal(isThin(), false)
  await longFile({ source }, 'a change')
  await client.sync(request())
  t.equal(isThin(), true)

  const noThin = await stage(t, { source: { handle: record }, target: { handle: sayNoThin } })
  await longFile(noThin)
  await noThin.client.sync(noThin.request())
  await longFile(noThin, 'a change')
  await noThin.client.sync(noThin.request())
  t.equal(isThin(), false)
  t.strictSame(await noThin.target.soundRefs(), await noThin.source.refs())
})

t.test('where a thin pack could not be unpacked and nothing moved, a whole one follows', async (t) => {
  let packs = 0
  const pushes: Buffer[] = []
  const { source, target, client, request, events, watch } = await stage(t, {
    source: {
      handle: async ({ kind, body }) => {
        if (kind !== 'call' || !linesOf(await body()).includes('thin-pack')) return undefined
        return packs++ === 0 ? { type: 'rewrite', transform: corruptPack() } : undefined
      },
    },
    target: {
      handle: async ({ kind, body }) => {
        if (kind === 'call') pushes.push(await body())
        return undefined
      },
    },
  })
  await longFile({ source })
  await client.sync(request())
  await longFile({ source }, 'a change')

  const result = await client.sync(request(), watch)

  t.equal(packs, 1)
  t.equal(pushes.length, 3)
  const [, thin, whole] = pushes.map((body) => readPush(body).pack.length)
  t.ok((whole ?? 0) > 10 * (thin ?? 0), `${thin} bytes, then ${whole}`)
  t.strictSame(await target.soundRefs(), await source.refs())
  t.equal(result.counts.applied, 1)
  t.ok(events.some((event) => event.type === 'notice' && /thin/.test(event.text)))
})

t.test('the haves are the target’s own tips, of refs out of scope too', async (t) => {
  const asked: string[][] = []
  const { source, target, client, request } = await stage(t, {
    source: {
      handle: async ({ kind, body }) => {
        if (kind === 'call') asked.push(linesOf(await body()))
        return undefined
      },
    },
  })
  const base = await longFile({ source })
  await client.sync(request())
  const kept = await target.commit('refs/notes/mine', { parents: [] })
  await source.branch('next', base)
  await source.commit('next')

  await client.sync(request({ scope: { branches: ['next'] } }))

  const haves = asked
    .at(-1)
    ?.filter((line) => line.startsWith('have '))
    .map((line) => line.slice(5))
  t.strictSame(haves?.sort(), [base, kept].sort())
})

t.test('a fork’s .have lines are haves too', async (t) => {
  const { source, target, client, request } = await stage(t)
  await longFile({ source })
  // The target borrows its objects, as a fork on a host does, and has no ref of its own.
  await git(target.dir, 'fetch', '--quiet', source.dir, 'refs/heads/main:refs/heads/main')
  const { target: fork } = await stage(t)
  await writeFile(`${fork.dir}/objects/info/alternates`, `${target.dir}/objects\n`)
  await longFile({ source }, 'a change')
  source.server.resetRequests()

  await client.sync(request({ target: { url: fork.url } }))

  t.ok((source.requests.at(-1)?.responseBytes ?? 0) < 3000)
  t.strictSame(await fork.soundRefs(), await source.refs())
})

t.test('no more than 50,000 haves are sent, whatever the target lists', async (t) => {
  const id = (index: number) => (index + 1).toString(16).padStart(40, '0')
  const lines = Array.from({ length: 60_000 }, (_, index) => `${id(index)} refs/heads/of-others/${index}\n`)
  const { source, client, request } = await stage(t, {
    target: {
      handle: ({ kind, service }) => {
        if (kind !== 'info-refs' || service !== 'git-receive-pack') return undefined
        return { type: 'rewrite', transform: addingRefs(lines) }
      },
    },
  })
  await longFile({ source })
  await client.sync(request())
  await source.commit('main')

  const { stats } = await client.sync(request({ collectStats: true }))

  const { haves = 0 } = stats.items['source git-upload-pack fetch'] ?? {}
  t.ok(haves > 40_000 && haves <= 50_000, `${haves} haves`)
})

t.test('a pack of more bytes than maxPackBytes stops the run, and nothing moves', async (t) => {
  const { source, target, client, request } = await stage(t)
  const kept = await target.commit('kept')
  await source.bigHistory({ commits: 4, bytesPerCommit: 200_000 })

  const error = await failureOf(client.sync(request({ options: { maxPackBytes: 500_000 } })))

  t.equal(error.code, 'pack_limit_exceeded')
  t.match(error.message, /maxPackBytes/)
  t.strictSame(await target.soundRefs(), { 'refs/heads/kept': kept })
})

function sayNoThin({ kind }: RequestInfo) {
  if (kind !== 'info-refs') return undefined
  const transform = mapPackets(({ raw, payload }) => {
    return payload?.includes(0) ? pkt(payload.toString().replace('\0', '\0no-thin ')) : raw
  })
  return { type: 'rewrite' as const, transform }
}
