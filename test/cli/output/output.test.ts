import t from 'tap'
import type { SyncResult } from '../../../src/index.js'
import { stage } from '../../../testing/cases/stage.js'
import { gitSync } from '../../../testing/processes/command.js'

t.test('--json is the document of the library and the service, and nothing else is on stdout', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.addCommits('main', 3)
  const urls = [source.url, target.url]

  const plan = await gitSync(['plan', ...urls, '--json'])
  t.strictSame(JSON.parse(plan.stdout), await client.plan(request()))
  const probe = await gitSync(['probe', source.url, '--json'])
  t.strictSame(JSON.parse(probe.stdout), await client.probe({ source: { url: source.url } }))
  const sync = JSON.parse((await gitSync(['sync', ...urls, '--json', '--stats'])).stdout) as SyncResult
  t.match(sync, {
    counts: { applied: 1 },
    stats: { enabled: true },
    execution: { transferMode: 'bootstrap' },
  })
  const fetch = JSON.parse((await gitSync(['fetch', source.url, '--json'])).stdout) as unknown
  t.match(fetch, { objects: 9, haves: [] })
})

t.test('with --json a failure is the problem document on stdout, and words on stderr', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await target.commit('main', { message: 'another' })
  const { status, stdout, stderr } = await gitSync(['sync', source.url, target.url, '--json'])
  t.equal(status, 3)
  t.match(JSON.parse(stdout), {
    code: 'blocked_refs',
    status: 409,
    refs: [{ ref: 'refs/heads/main' }],
    result: await client.plan(request()),
  })
  t.match(stderr, /blocked_refs/)
})

t.test('a table says action, ref, old and new, and why; a line sums it up', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.addCommits('main', 2)
  await source.branch('stay', await source.head('main'))
  await client.sync(request())
  const old = await source.head('main')
  const now = await source.commit('main')
  await source.branch('new', now)
  await target.branch('gone', old)

  const plan = await gitSync(['plan', source.url, target.url, '--prune'])
  const ids = (a: string, b: string) => `${a.slice(0, 8).padEnd(8)} -> ${b.slice(0, 8)}`
  t.strictSame(
    plan.stdout
      .split('\n')
      .slice(0, 4)
      .map((line) => line.split(/ {2,}(?! *->)/)),
    [
      ['ACTION', 'REF', 'OLD -> NEW', 'WHY'],
      ['delete', 'refs/heads/gone', ids(old, '-'), 'the source has no such ref'],
      ['update', 'refs/heads/main', ids(old, now), 'fast-forward'],
      ['create', 'refs/heads/new', ids('-', now), 'the target has no such ref'],
    ],
  )
  t.match(plan.stdout, 'not shown: 1 up to date (-v shows all)')
  t.match(plan.stdout, 'plan: 1 to create, 1 to update, 1 to delete, 1 up to date\n')
  t.match(plan.stdout, /^digest sha256:[0-9a-f]{64}$/m)
  t.match((await gitSync(['plan', source.url, target.url, '-v'])).stdout, /^skip +refs\/heads\/stay /m)

  const digest = /sha256:\w+/.exec(plan.stdout)?.[0] ?? ''
  const sync = await gitSync(['sync', source.url, target.url, '--prune', '--expected-plan', digest])
  t.match(sync.stdout, /^done: 1 created, 1 updated, 1 deleted, 1 up to date \(incremental\)$/m)
})

t.test('a ref that moved under another name says from which', async (t) => {
  const { source, target } = await stage(t)
  await source.commit('main')
  const { stdout } = await gitSync(['sync', source.url, target.url, '--map', 'main:upstream/main'])
  t.match(stdout, 'refs/heads/upstream/main (from refs/heads/main)')
  t.strictSame(Object.keys(await target.refs()), ['refs/heads/upstream/main'])
})

t.test('what moved before a failure is shown all the same', async (t) => {
  const { source, target } = await stage(t)
  await source.commit('good')
  await source.commit('bad')
  await target.hook('update', '[ "$1" != refs/heads/bad ] || { echo "no bad ones"; exit 1; }')
  const { status, stdout, stderr } = await gitSync(['sync', source.url, target.url, '-v'])
  t.equal(status, 1)
  t.match(stdout, /^block +refs\/heads\/bad /m)
  t.match(stdout, /^create +refs\/heads\/good /m)
  t.match(stdout, /^failed: 1 created, .* 1 not moved/m)
  t.match(stderr, /^target: no bad ones$/m, 'with -v one hears the hook')
  t.match(stderr, /\(ref_rejected\)\nrefs\/heads\/bad /)
  t.match(stderr, '--best-effort')

  await target.delete('good')
  const spared = await gitSync(['sync', source.url, target.url, '--all-refs'])
  t.equal(spared.status, 0, '--all-refs makes a refusal a warning')
  t.match(spared.stdout, /^done: 1 created.* 1 refused/m)
  t.equal((await gitSync(['sync', source.url, target.url, '--all-refs', '--atomic'])).status, 1)
})

t.test('notices are on stderr', async (t) => {
  const { source, target } = await stage(t)
  await source.commit('main')
  const { stdout, stderr } = await gitSync(['sync', source.url, target.url, '--branch', 'main,nix'])
  t.equal(stderr, 'note: the source has no refs/heads/nix\n')
  t.notMatch(stdout, 'nix')
})

t.test('--stats and --measure-memory are for people too', async (t) => {
  const { source, target } = await stage(t)
  await source.commit('main')
  const { stdout } = await gitSync(['sync', source.url, target.url, '--stats', '--measure-memory'])
  t.match(stdout, /^1 +.* target git-receive-pack push$/m)
  t.match(stdout, /^memory: \d.* MiB resident at most/m)
})
