import t from 'tap'
import type { SyncRequest } from '../../../src/index.js'
import { stage } from '../../../testing/cases/stage.js'
import { fastImport } from '../../../testing/git/fast-import.js'
import { git } from '../../../testing/git/git.js'
import type { Repository } from '../../../testing/git/sample-repository.js'
import { tangledHistory } from '../../../testing/git/tangled-history.js'
import { linesOf } from '../../../testing/packets/packets.js'
import { Random } from '../../../testing/random.js'

const FORCED: readonly [string, Partial<SyncRequest>][] = [
  ['force', { policy: { force: true } }],
  ['force with a guard', { policy: { force: true, maxForced: 1 } }],
  ['replicate', { policy: { mode: 'replicate' } }],
]

for (const [name, parts] of FORCED) {
  t.test(`${name}: ten commits replaced cost six requests, and hardly more than the thin pack`, async (t) => {
    const { source, target, client, request } = await stage(t)
    await source.addCommits('main', 1200)
    const old = await source.head('main')
    await client.sync(request())
    await source.branch('main', await git(source.dir, 'rev-parse', 'main~10'))
    const tip = await source.addCommits('main', 10)
    const thin = await git(source.dir, 'rev-list', '--objects', '--disk-usage', tip, `^${old}`)
    source.server.resetRequests()
    target.server.resetRequests()

    const result = await client.sync(request({ ...parts, collectStats: true }))

    t.match(result.plan, { update: 1, forced: 1 })
    t.equal(await target.head('main'), tip)
    t.equal(source.requests.length, 4, 'the listing, a proof and the fetch')
    t.equal(target.requests.length, 2)
    const bytes = source.requests.reduce((sum, sent) => sum + sent.requestBytes + sent.responseBytes, 0)
    t.ok(bytes - Number(thin) < 4096, `${bytes - Number(thin)} bytes over the pack`)
  })
}

t.test('a commit that only the target has makes the source walk nothing', async (t) => {
  const asked: string[][] = []
  const { source, target, client, request } = await stage(t, {
    source: {
      handle: async ({ kind, body }) => {
        if (kind === 'call') asked.push(linesOf(await body()))
        return undefined
      },
    },
  })
  await source.addCommits('main', 1200)
  await client.sync(request())
  const theirs = await target.commit('main')
  const tip = await source.commit('main')
  source.server.resetRequests()
  target.server.resetRequests()

  const result = await client.sync(request({ policy: { force: true }, collectStats: true }))

  t.match(result.plan, { update: 1, forced: 1 })
  t.equal(await target.head('main'), tip)
  const proofs = asked.filter((lines) => lines.includes('filter tree:0'))
  t.strictSame(
    proofs.map((lines) => lines.filter((line) => /^(want|have) /.test(line))),
    [[`want ${tip}`, `want ${theirs}`, `have ${theirs}`]],
    'the want of what it lacks ends the request at once',
  )
  const proof = result.stats.items['source git-upload-pack prove']
  t.equal(proof?.requests, 1)
  t.ok((proof?.responseBytes ?? 0) < 200, `${proof?.responseBytes} bytes`)
})

t.test('a fast-forward over more than is read between two tips is not called forced', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await client.sync(request())
  const tip = await source.addCommits('main', 1500)

  const result = await client.sync(request({ policy: { force: true } }))

  t.match(result.plan, { update: 1, forced: 0 })
  t.equal(await target.head('main'), tip)
})

for (const protocol of ['v1', 'v2', 'auto'] as const) {
  t.test(`${protocol}: what is called forced is what git says, whatever the dates`, async (t) => {
    const { source, target, client, request } = await stage(t)
    const history = { commits: 120, branches: 3, bytesPerCommit: 40, datesLie: true }
    for (const { dir } of [source, target]) await fastImport(dir, tangledHistory(new Random(11), history))
    const parents = await parentsOf(source)
    const random = new Random(12)
    const expected: string[] = []
    for (let number = 10; number < 34; number++) {
      const [from, to] = [random.pick([...parents.keys()]), random.pick([...parents.keys()])]
      await target.branch(`pair-${number}`, from)
      await source.branch(`pair-${number}`, to)
      if (from !== to && !ancestorsOf(parents, to).has(from)) expected.push(`refs/heads/pair-${number}`)
    }

    const scope = { branches: ['pair-*'] }
    const planned = await client.plan(request({ scope, policy: { protocol, force: true } }))

    t.ok(expected.length > 5 && expected.length < 20, 'both kinds are there')
    const forced = planned.refs.filter(({ reason }) => reason.startsWith('forced'))
    t.strictSame(
      forced.map(({ targetRef }) => targetRef),
      expected,
    )
    t.equal(planned.plan.forced, expected.length)
  })
}

async function parentsOf({ dir }: Repository): Promise<Map<string, string[]>> {
  const lines = (await git(dir, 'rev-list', '--all', '--parents')).split('\n')
  return new Map(
    lines.map((line) => {
      const [id = '', ...parents] = line.split(' ')
      return [id, parents]
    }),
  )
}

function ancestorsOf(parents: Map<string, string[]>, tip: string): Set<string> {
  const found = new Set<string>()
  const open = [tip]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const parent of parents.get(id) ?? []) {
      if (found.has(parent)) continue
      found.add(parent)
      open.push(parent)
    }
  }
  return found
}
