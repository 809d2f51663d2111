import t from 'tap'
import { copyRefs, failureOf, type StageOptions, stage } from '../../../testing/cases/stage.js'
import { linesOf, type PushBody, readPush } from '../../../testing/packets/packets.js'

interface Calls {
  fetches: { wants: string[]; haves: string[] }[]
  pushes: PushBody[]
}

/** Keeps every fetch and every push. */
function recording({ fetches, pushes }: Calls): StageOptions {
  const idsOf = (lines: string[], word: string) =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.split(' ')[1] ?? ''] : []))
  return {
    source: {
      handle: async ({ kind, body }) => {
        const lines = kind === 'call' ? linesOf(await body()) : []
        const isProof = !lines.includes('ofs-delta')
        const wants = idsOf(lines, 'want')
        if (wants.length > 0 && !isProof) fetches.push({ wants, haves: idsOf(lines, 'have') })
        return undefined
      },
    },
    target: {
      handle: async ({ kind, body }) => {
        if (kind === 'call') pushes.push(readPush(await body()))
        return undefined
      },
    },
  }
}

const options = { targetMaxRefUpdates: 3 }

t.test('more refs than the target takes at once go in several pushes, each with its own fetch', async (t) => {
  const calls: Calls = { fetches: [], pushes: [] }
  const { source, target, client, request } = await stage(t, recording(calls))
  const base = await source.commit('main')
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  for (const name of names) await source.commit(name, { parents: [base] })

  const planned = await client.plan(request({ options }))
  const result = await client.sync(request({ options }))

  for (const { execution } of [planned, result]) {
    t.match(execution, { transferMode: 'bootstrap-batch', batch: { enabled: true, planned: 3 } })
  }
  t.equal(planned.execution.batch.done, 0)
  t.equal(result.execution.batch.done, 3)
  t.equal(result.counts.applied, 8)
  t.strictSame(
    calls.pushes.map(({ commands }) => commands.length),
    [3, 3, 2],
  )
  t.equal(calls.pushes[0]?.commands[0]?.ref, 'refs/heads/main', 'HEAD’s branch is in the first')
  t.equal(calls.fetches.length, 3)
  for (const [index, { wants }] of calls.fetches.entries()) {
    t.strictSame(wants.sort(), calls.pushes[index]?.commands.map(({ newId }) => newId).sort())
  }
  t.strictSame(calls.fetches[0]?.haves, [])
  const confirmed = calls.pushes.slice(0, 2).flatMap(({ commands }) => commands.map(({ newId }) => newId))
  t.strictSame(calls.fetches[2]?.haves.sort(), confirmed.sort(), 'haves are what was confirmed')
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('an update and a replicate in several pushes say so', async (t) => {
  for (const [run, transferMode] of [
    ['sync', 'incremental-batch'],
    ['replicate', 'replicate-batch'],
  ] as const) {
    const { source, target, client, request } = await stage(t)
    const names = ['main', 'a', 'b', 'c']
    for (const name of names) await source.commit(name)
    await copyRefs(source, target)
    for (const name of names) await source.commit(name)

    const { execution } = await client[run](request({ options }))

    t.equal(execution.transferMode, transferMode)
    t.match(execution.batch, { enabled: true, planned: 2, done: 2 })
    t.strictSame(await target.soundRefs(), await source.refs())
  }
})

t.test('deletes go in the last push, with the creates whose names they free', async (t) => {
  const calls: Calls = { fetches: [], pushes: [] }
  const { source, target, client, request } = await stage(t, recording(calls))
  const base = await source.commit('main')
  await source.branch('topic', base)
  await copyRefs(source, target)
  await source.delete('topic')
  for (const name of ['a', 'b', 'c', 'topic/sub']) await source.commit(name, { parents: [base] })

  const { counts } = await client.sync(request({ options, policy: { prune: true } }))

  t.match(counts, { applied: 4, deleted: 1 })
  t.strictSame(
    calls.pushes.map(({ commands }) => commands.map(({ ref }) => ref)),
    [
      ['refs/heads/a', 'refs/heads/b', 'refs/heads/c'],
      ['refs/heads/topic', 'refs/heads/topic/sub'],
    ],
  )
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('a push all of whose objects came with an earlier one fetches nothing', async (t) => {
  const calls: Calls = { fetches: [], pushes: [] }
  const { source, target, client, request } = await stage(t, recording(calls))
  const main = await source.commit('main')
  for (const name of ['a', 'b', 'c', 'd']) await source.branch(name, main)

  await client.sync(request({ options }))

  t.equal(calls.pushes.length, 2)
  t.equal(calls.fetches.length, 1)
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('a failure in the middle leaves what was confirmed before, and says so', async (t) => {
  let pushes = 0
  const { source, target, client, request } = await stage(t, {
    target: {
      handle: ({ kind }) =>
        kind === 'call' && ++pushes === 2 ? { type: 'cut-request', after: 20_000 } : undefined,
    },
  })
  await source.bigHistory({ commits: 8, bytesPerCommit: 50_000, branches: 4 })

  const error = await failureOf(client.sync(request({ options: { targetMaxRefUpdates: 2 } })))

  t.equal(error.code, 'target_unreachable')
  t.match(error.result?.counts, { applied: 2, blocked: 2 })
  t.match(error.result?.execution.batch, { planned: 2, done: 1 })
  const refs = await target.soundRefs()
  t.equal(Object.keys(refs).length, 2)
  t.equal(refs['refs/heads/main'], await source.head('main'))

  await client.sync(request({ options: { targetMaxRefUpdates: 2 } }))
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('0 means the default, under which few refs go in one push', async (t) => {
  const { source, client, request } = await stage(t)
  for (const name of ['main', 'a', 'b', 'c']) await source.commit(name)

  const { execution } = await client.sync(request({ options: { targetMaxRefUpdates: 0, maxPackBytes: 0 } }))

  t.match(execution, { transferMode: 'bootstrap', batch: { enabled: false, planned: 1, done: 1 } })
})

t.test('a limit on the bytes of a push is heeded or refused, never ignored', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.bigHistory({ commits: 10, bytesPerCommit: 20_000 })
  const options = { targetMaxPackBytes: 100_000 }

  const outcome = await client.sync(request({ options })).catch((error) => error)

  if (outcome instanceof Error) t.match(outcome, { code: 'unsupported', message: /targetMaxPackBytes/ })
  else t.match(outcome.execution.transferMode, /-batch$/)
  t.strictSame(await target.refs(), outcome instanceof Error ? {} : await source.refs())
})
