import t from 'tap'
import { stage } from '../../../testing/cases/stage.js'
import { gitSync, gitSyncAlone } from '../../../testing/processes/command.js'

// One of each status as a process of its own, which must end by itself.

t.test('0: done; the target has the refs', async (t) => {
  const { source, target } = await stage(t)
  await source.addCommits('main', 3)
  for (const command of ['bootstrap', 'sync', 'replicate', 'plan', 'probe']) {
    const { status, stderr } = await gitSync([command, source.url, target.url])
    t.equal(status, 0, command)
    t.equal(stderr, '')
    t.strictSame(await target.soundRefs(), await source.refs())
  }
  t.equal((await gitSyncAlone(['fetch', source.url])).status, 0)
  t.equal((await gitSyncAlone(['sync', source.url, target.url])).status, 0)
  t.equal((await gitSync(['probe', source.url])).status, 0)
})

t.test('3: blocked refs, which a plan only tells', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.addCommits('main', 2)
  await client.sync(request())
  const diverged = await target.commit('main')
  await source.commit('main')
  const urls = [source.url, target.url]

  t.equal((await gitSync(['plan', ...urls])).status, 0)
  const { status, stdout, stderr } = await gitSyncAlone(['sync', ...urls])
  t.equal(status, 3)
  t.equal(stdout, '')
  t.match(stderr, /^git-sync: 1 ref .*\(blocked_refs\)\nrefs\/heads\/main {2}the branch has diverged/)
  t.match(stderr, /--force-with-lease/)
  t.equal(await target.head('main'), diverged)

  t.equal((await gitSync(['sync', ...urls, '--force-with-lease'])).status, 0)
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('1: failed', async (t) => {
  const { source, target } = await stage(t)
  await source.commit('main')
  const failures: [args: string[], code: string][] = [
    [['sync', `${source.url}x`, target.url], 'source_not_found'],
    [['sync', source.url, target.url, '--branch', 'nix'], 'no_matching_refs'],
    [['sync', source.url, target.url, '--max-pack-bytes', '10'], 'pack_limit_exceeded'],
    [['probe', 'http://127.0.0.1:1/x'], 'source_unreachable'],
    [['sync', source.url, target.url, '--expected-plan', 'sha256:0'], 'plan_changed'],
  ]
  for (const [args, code] of failures) {
    const { status, stdout, stderr } = await gitSync(args)
    t.equal(status, 1, code)
    t.equal(stdout, '')
    t.match(stderr, `(${code})`)
  }
  t.strictSame(await target.refs(), {})
})

t.test('1: bootstrap names what the target has already', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  await client.sync(request())
  const { status, stderr } = await gitSyncAlone(['bootstrap', source.url, target.url])
  t.equal(status, 1)
  t.match(stderr, /\(plan_refused\)\nrefs\/heads\/main {2}the target has it already, at [0-9a-f]{40}\n$/)
})

const A = 'https://a.example/r.git'
const B = 'https://b.example/r.git'
const wrong: Record<string, string[]> = {
  'no command': [],
  'an unknown command': ['mirror', A, B],
  'too few arguments': ['sync', A],
  'too many arguments': ['sync', A, B, 'main'],
  'an unknown flag': ['sync', A, B, '--prunee'],
  'a flag of another command': ['sync', A, B, '--mode', 'replicate'],
  'a size that is none': ['sync', A, B, '--max-pack-bytes', 'big'],
  'a negative size': ['sync', A, B, '--max-pack-bytes', '-1'],
  'a count that is none': ['sync', A, B, '--max-deletes', '1.5'],
  'a mapping without a target': ['sync', A, B, '--map', 'main'],
  'a choice that is none': ['probe', A, '--protocol', 'v3'],
  'a branch that is empty, which would mean all': ['sync', A, B, '--branch', ',', '--prune'],
  'a guard that is empty, which would mean none': ['sync', A, B, '--expected-plan', ''],
  'a URL that is none': ['probe', 'ssh://a.example/r.git'],
  'the same repository twice': ['sync', A, `${A}/`],
  'flags that exclude each other': ['sync', A, B, '--force-with-lease', '--force-blind'],
}
for (const [what, args] of Object.entries(wrong)) {
  t.test(`2: ${what}`, async (t) => {
    const { status, stdout, stderr } = await gitSync(args)
    t.equal(status, 2)
    t.equal(stdout, '')
    t.match(stderr, /\S/)
  })
}

t.test('2: a variable that does not parse, named, and only if a run needs it', async (t) => {
  const { status, stderr } = await gitSyncAlone(['probe', A], { env: { GITSYNC_STALL_TIMEOUT: 'soon' } })
  t.equal(status, 2)
  t.match(stderr, /^git-sync: GITSYNC_STALL_TIMEOUT must be a time/)

  const { source } = await stage(t)
  await source.commit('main')
  const other = { GITSYNC_PORT: 'eighty', GITSYNC_LOG_LEVEL: 'loud' }
  t.equal((await gitSync(['probe', source.url], { env: other })).status, 0)
})
