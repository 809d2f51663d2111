import { readdir } from 'node:fs/promises'
import t from 'tap'
import { Client } from '../../../src/index.js'
import { failureOf, type SideOptions, stage } from '../../../testing/cases/stage.js'
import { temporaryFolder } from '../../../testing/temporary-folder.js'

/** A target that wants to know how long a body is. */
const fussy: SideOptions = {
  handle: ({ headers }) => (headers['transfer-encoding'] ? { type: 'respond', status: 411 } : undefined),
}

t.test(
  'a target that answers 411 is sent a Content-Length, and nothing stays in the spool folder',
  async (t) => {
    const { source, target, request, events, watch } = await stage(t, { target: fussy })
    const spoolDir = await temporaryFolder(t)
    await source.bigHistory({ commits: 20, bytesPerCommit: 10_000 })

    const result = await new Client({ spoolDir }).sync(request(), watch)

    t.strictSame(await target.soundRefs(), await source.refs())
    t.match(result.execution, { transferMode: 'materialized', reason: 'length-required', relay: false })
    t.ok(events.some((event) => event.type === 'notice' && /411/.test(event.text)))
    t.strictSame(await readdir(spoolDir), [])
  },
)

t.test('deletes and creates without new objects have a length anyway', async (t) => {
  const { source, target, client, request } = await stage(t, { target: fussy })
  const main = await source.commit('main')
  await client.sync(request())
  await source.branch('copy', main)
  t.equal((await client.sync(request())).execution.transferMode, 'incremental')
  await source.delete('copy')
  t.equal((await client.sync(request({ policy: { prune: true } }))).counts.deleted, 1)
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('materialize: always spools, and a plan says so', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  const options = { materialize: 'always' } as const
  t.equal((await client.plan(request({ options }))).execution.transferMode, 'materialized')
  const { execution } = await client.sync(request({ options }))
  t.match(execution, { transferMode: 'materialized', reason: 'as-requested' })
  t.strictSame(await target.soundRefs(), await source.refs())
  const push = target.requests.find(({ path }) => path.endsWith('/git-receive-pack'))
  t.ok(Number(push?.headers['content-length']) > 0)
})

t.test('materialize: never, and replicate, say what is missing', async (t) => {
  const { source, target, client, request } = await stage(t, { target: fussy })
  await source.commit('main')
  const never = await failureOf(client.sync(request({ options: { materialize: 'never' } })))
  t.equal(never.code, 'unsupported')
  t.match(never.message, /411/)
  t.equal((await failureOf(client.replicate(request()))).code, 'unsupported')
  t.strictSame(await target.refs(), {})
})

t.test('its limits are kept, and leave nothing behind', async (t) => {
  const { source, target, request } = await stage(t)
  const spoolDir = await temporaryFolder(t)
  await source.bigHistory({ commits: 20, bytesPerCommit: 10_000 })
  for (const limit of [{ materializedMaxBytes: 100_000 }, { materializedMaxObjects: 10 }]) {
    const options = { materialize: 'always', ...limit } as const
    const error = await failureOf(new Client({ spoolDir }).sync(request({ options })))
    t.equal(error.code, 'pack_limit_exceeded')
    t.match(error.message, Object.keys(limit)[0])
  }
  t.strictSame(await readdir(spoolDir), [])
  t.strictSame(await target.refs(), {})
})

t.test('a spool folder that cannot be written to is named', async (t) => {
  const { source, request } = await stage(t)
  await source.commit('main')
  const client = new Client({ spoolDir: '/nowhere/at/all' })
  const error = await failureOf(client.sync(request({ options: { materialize: 'always' } })))
  t.equal(error.code, 'pack_limit_exceeded')
  t.match(error.message, /spoolDir/)
})

t.test('a push whose connection broke is sent again from the file', async (t) => {
  let pushes = 0
  const { source, target, client, request, events, watch } = await stage(t, {
    target: {
      handle: ({ kind, service }) =>
        kind === 'call' && service === 'git-receive-pack' && ++pushes === 1
          ? { type: 'cut-request', after: 50_000 }
          : undefined,
    },
  })
  await source.bigHistory({ commits: 20, bytesPerCommit: 10_000 })

  await client.sync(request({ options: { materialize: 'always' }, collectStats: true }), watch)

  t.strictSame(await target.soundRefs(), await source.refs())
  t.ok(events.some((event) => event.type === 'notice' && /sending the file again/.test(event.text)))
  t.equal(
    source.requests.filter(({ path }) => path.endsWith('/git-upload-pack')).length,
    2,
    'listed and fetched once',
  )
})
