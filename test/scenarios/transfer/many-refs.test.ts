import t from 'tap'
import { stage } from '../../../testing/cases/stage.js'
import { commitCommands, fastImport } from '../../../testing/git/fast-import.js'

const COUNT = 600
const FEWER = 300

t.test(`${COUNT} refs: created, found unchanged, and pruned`, async (t) => {
  const { source, target, client, request } = await stage(t)
  await fastImport(source.dir, manyBranches(COUNT))
  const names = Object.keys(await source.refs())
  t.equal(names.length, COUNT)

  const created = await client.sync(request({ collectStats: true }))
  t.equal(created.counts.applied, COUNT)
  t.match(created.stats.items['source git-upload-pack fetch'], { requests: 1, wants: COUNT })
  t.strictSame(
    created.refs.map(({ targetRef }) => targetRef),
    names,
    'in the order of their bytes',
  )
  t.strictSame(await target.soundRefs(), await source.refs())

  source.server.resetRequests()
  target.server.resetRequests()
  const unchanged = await client.sync(request())
  t.equal(unchanged.counts.skipped, COUNT)
  t.equal(source.requests.length + target.requests.length, 3)

  const refs = await source.refs()
  const [first = ''] = names
  await source.setRefs({ [first]: refs[first] as string })
  const pruned = await client.sync(request({ policy: { prune: true } }))
  t.match(pruned.counts, { deleted: COUNT - 1, skipped: 1 })
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test(`${FEWER} forced updates cost no more than a fetch and a push`, async (t) => {
  const { source, target, client, request } = await stage(t)
  const old = await source.commit('main')
  await fastImport(source.dir, manyBranches(FEWER))
  const refs = await source.refs()
  await client.sync(request({ scope: { branches: ['main'] } }))
  await target.setRefs(
    Object.fromEntries(Object.keys(refs).map((ref) => [ref.replace('heads', 'tags'), old])),
  )
  const tags = Object.entries(refs).map(([ref, id]) => [ref.replace('heads', 'tags'), id])
  await source.setRefs({ ...refs, ...Object.fromEntries(tags) })

  const result = await client.replicate(
    request({ scope: { branches: ['main'] }, policy: { includeTags: true }, collectStats: true }),
  )

  t.match(result.plan, { update: FEWER, forced: FEWER })
  t.match(result.stats.items['source git-upload-pack fetch'], { requests: 1 })
  t.match(result.stats.items['target git-receive-pack push'], { requests: 1, commands: FEWER + 1 })
  t.equal(Object.keys(await target.soundRefs()).length, FEWER + 2)
})

function* manyBranches(count: number) {
  yield* commitCommands({
    ref: 'refs/heads/b/0000',
    mark: ':1',
    parents: [],
    message: 'base\n',
    date: 1,
    files: {},
  })
  for (let i = 1; i < count; i++) {
    const ref = `refs/heads/b/${String(i).padStart(4, '0')}`
    const files = { 'name.txt': `${i}\n` }
    yield* commitCommands({ ref, parents: [':1'], message: `branch ${i}\n`, date: 1 + i, files })
  }
}
