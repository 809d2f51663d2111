import { randomBytes } from 'node:crypto'
import t from 'tap'
import type { RunEvent } from '../../../src/index.js'
import { failureOf, type Stage } from '../../../testing/cases/stage.js'
import { lfsStage } from '../../../testing/lfs/lfs-stage.js'

const pushes = ({ requests }: Stage['target']) =>
  requests.filter(({ method, service }) => method === 'POST' && service === 'git-receive-pack')

t.test(
  'every object is there before the first ref moves, also before the steps of a batched push',
  async (t) => {
    for (const options of [{}, { targetMaxPackBytes: 80_000 }]) {
      const order: string[] = []
      const { source, target, client, to, request, commit } = await lfsStage(t, {
        targetLfs: { fault: (method) => void order.push(method) as undefined },
        target: {
          intercept: (request, _, next) => {
            if (request.method === 'POST') order.push('push')
            next()
          },
        },
      })
      for (let count = 0; count < 5; count++) {
        await commit(randomBytes(1000), randomBytes(300_000))
        await source.commit('main', { files: { 'plain.bin': randomBytes(50_000) } })
      }
      const result = await client.sync(request(undefined, { options }))
      t.match(result.lfs, { pointers: 10, moved: 10, missing: 0 })
      t.equal(to.objects.size, 10)
      t.ok(order.lastIndexOf('PUT') < order.indexOf('push'), order.join(' '))
      t.strictSame(await target.soundRefs(), await source.refs())
      t.equal(result.execution.batch.done > 1, 'targetMaxPackBytes' in options)
    }
  },
)

t.test('an object that the source lacks stops the run before any ref moves, or is a warning', async (t) => {
  const { source, target, client, from, request, commit } = await lfsStage(t)
  const [gone] = await commit(randomBytes(1000), randomBytes(2000))
  from.objects.delete(gone?.oid ?? '')
  const error = await failureOf(client.sync(request()))
  t.match(error, { code: 'lfs_object_missing', retryable: false, message: /policy\.bestEffort/ })
  t.match(error.result?.lfs, {
    pointers: 2,
    moved: 1,
    missing: 1,
    failed: [{ ...gone, reason: /Object does not exist/ }],
  })
  t.strictSame(await target.refs(), {})
  t.equal(pushes(target).length, 0)
  const notices: string[] = []
  const onEvent = (event: RunEvent) => void (event.type === 'notice' && notices.push(event.text))
  const result = await client.sync(request({ lfs: 'new', bestEffort: true }), { onEvent })
  t.match(result.lfs, { pointers: 2, present: 1, moved: 0, missing: 1, failed: [{ oid: gone?.oid }] })
  t.match(notices, [/the source lacks the LFS object/])
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('limits stop a run before anything is moved', async (t) => {
  const { target, client, to, request, commit } = await lfsStage(t)
  await commit(randomBytes(1000), randomBytes(2000))
  for (const [options, message] of [
    [{ lfsMaxObjects: 1 }, /2 LFS objects, and options\.lfsMaxObjects allows 1/],
    [{ lfsMaxBytes: 2999 }, /3000 bytes of LFS objects, and options\.lfsMaxBytes allows 2999/],
  ] as const) {
    const error = await failureOf(client.sync(request(undefined, { options })))
    t.match(error, { code: 'lfs_limit_exceeded', message })
    t.match(error.result?.lfs, { pointers: 2, missing: 2 })
  }
  t.equal(to.storage.length, 0)
  t.strictSame(await target.refs(), {})
  await client.sync(request(undefined, { options: { lfsMaxObjects: 2, lfsMaxBytes: 3000 } }))
  t.equal(to.objects.size, 2)
})

t.test('a plan says what would be moved, and moves nothing', async (t) => {
  const { client, from, to, request, commit } = await lfsStage(t)
  await commit(randomBytes(1000), randomBytes(2000))
  const { lfs } = await client.plan(request())
  t.strictSame(lfs, { pointers: 2, bytes: 3000, present: 0, moved: 0, movedBytes: 0, missing: 2, failed: [] })
  t.equal(from.api.length, 0)
  t.equal(to.objects.size, 0)
})

t.test('an update looks through what is new alone, and asks no more than it has to', async (t) => {
  const { client, from, to, request, commit } = await lfsStage(t)
  await commit(randomBytes(1000))
  await client.sync(request())
  await commit(randomBytes(1500), randomBytes(2500))
  const asked = [from.api.length, to.api.length]
  const { lfs } = await client.sync(request())
  t.match(lfs, { pointers: 2, moved: 2, movedBytes: 4000 })
  t.strictSame([from.api.length, to.api.length], [(asked[0] ?? 0) + 1, (asked[1] ?? 0) + 2])
  const { lfs: none } = await client.sync(request())
  t.match(none, { pointers: 0, moved: 0 })
  t.equal(from.api.length, (asked[0] ?? 0) + 1)
})

t.test('without LFS nobody asks for any', async (t) => {
  const { client, from, to, request, commit } = await lfsStage(t)
  await commit(randomBytes(1000))
  const { lfs } = await client.sync(request({}))
  t.equal(lfs, undefined)
  t.equal(from.api.length + to.api.length, 0)
})

t.test('progress reports objects and bytes', async (t) => {
  const { client, request, commit } = await lfsStage(t)
  await commit(randomBytes(1000), randomBytes(2000))
  const events: RunEvent[] = []
  await client.sync(request(), { onEvent: (event) => void events.push(event) })
  const phases = events.filter((event) => event.type === 'progress').map(({ phase }) => phase)
  t.equal(phases[0], 'lfs')
})

t.test('a side without an LFS server', async (t) => {
  const { source, target, client, request, commit } = await lfsStage(t)
  await commit(randomBytes(1000))
  const own = { ...request(), target: { url: target.url } }
  const error = await failureOf(client.sync(own))
  t.match(error, { code: 'lfs_unsupported', message: /target has no LFS server.*target\.lfsUrl/ })
  t.strictSame(await target.refs(), {})
  const probe = await client.probe({
    source: request().source,
    target: { url: target.url },
    options: { lfs: true },
  })
  t.match(probe, { sourceLfs: true, targetLfs: false })
  const { sourceLfs, targetLfs } = await client.probe({ source: { url: source.url } })
  t.strictSame([sourceLfs, targetLfs], [undefined, undefined])
})

t.test('a target that refuses refs for their LFS objects says which setting brings them', async (t) => {
  const said = {
    GitHub: 'error: GH008: Your push referenced at least 1 unknown Git LFS object:',
    GitLab: 'GitLab: LFS objects are missing. Ensure LFS is properly set up or try a manual push.',
  }
  for (const [host, words] of Object.entries(said)) {
    const { target, client, request, commit } = await lfsStage(t)
    await target.hook('pre-receive', `echo '${words}' >&2; exit 1`)
    await commit(randomBytes(1000))
    const error = await failureOf(client.sync(request({})))
    t.match(
      error,
      { code: 'lfs_unsupported', message: /policy\.lfs to "new"/, refs: [{ ref: 'refs/heads/main' }] },
      host,
    )
  }
})

t.test('cancelling ends both sides, and what was moved is not moved again', async (t) => {
  const cancel = new AbortController()
  let puts = 0
  const { target, client, to, request, commit } = await lfsStage(t, {
    targetLfs: {
      fault: (method) => {
        if (method !== 'PUT' || ++puts !== 5) return undefined
        setImmediate(() => cancel.abort())
        return 'hang'
      },
    },
  })
  await commit(...Array.from({ length: 20 }, () => randomBytes(1000)))
  t.match(await failureOf(client.sync(request(), { signal: cancel.signal })), { code: 'cancelled' })
  t.strictSame(await target.refs(), {})
  // What had arrived in full when the run ended, the storage still keeps.
  while (to.atOnce > 0) await new Promise((resolve) => setImmediate(resolve))
  const kept = to.objects.size
  const { lfs } = await client.sync(request())
  t.match(lfs, { pointers: 20, present: kept, moved: 20 - kept })
})

t.test('many objects at once are no reason for a warning of Node', async (t) => {
  const warnings: string[] = []
  const onWarning = ({ message }: Error) => void warnings.push(message)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const { client, to, request, commit } = await lfsStage(t)
  await commit(...Array.from({ length: 40 }, () => randomBytes(300_000)))
  t.match((await client.sync(request())).lfs, { moved: 40 })
  t.ok(to.most > 1)
  await new Promise((resolve) => setImmediate(resolve))
  t.strictSame(warnings, [])
})
