import t from 'tap'
import { buildProgram } from '../../../src/cli/command-line.js'
import type { RunFlags } from '../../../src/cli/flags/flags.js'
import { fetchRequest, probeRequest, syncRequest } from '../../../src/cli/flags/request.js'
import { validateProbeRequest, validateSyncRequest } from '../../../src/index.js'

const A = 'https://a.example/r.git'
const B = 'https://b.example/r.git'
const bare = {
  source: { url: A },
  target: { url: B },
  scope: {},
  policy: {},
  options: {},
  auth: { source: {}, target: {} },
}

/** What the flags of a command are parsed to. */
function parse(name: string, args: string[]): RunFlags {
  const command = buildProgram().commands.find((other) => other.name() === name)
  if (!command) throw new Error(name)
  const urls = name === 'fetch' ? [A] : [A, B]
  return command
    .action(() => {})
    .parse([...urls, ...args], { from: 'user' })
    .opts()
}

const cases: [args: string[], part: object][] = [
  [[], {}],
  [['--branch', 'a,b', '--branch', 'rel/*'], { scope: { branches: ['a', 'b', 'rel/*'] } }],
  [
    ['--map', 'a:b', '--map', 'refs/tags/*:refs/tags/up/*'],
    {
      scope: {
        mappings: [
          { source: 'a', target: 'b' },
          { source: 'refs/tags/*', target: 'refs/tags/up/*' },
        ],
      },
    },
  ],
  [['--all-refs'], { scope: { allRefs: true } }],
  [
    ['--exclude-ref-prefix', 'refs/pull/', '--exclude-ref-prefix', 'refs/x'],
    { scope: { excludeRefPrefixes: ['refs/pull/', 'refs/x'] } },
  ],
  [['--exclude-ref', 'refs/heads/wip/*'], { scope: { excludeRefs: ['refs/heads/wip/*'] } }],
  [['--tags', '--prune'], { policy: { includeTags: true, prune: true } }],
  [['--force-with-lease'], { policy: { forceWithLease: true } }],
  [['--force-blind'], { policy: { forceBlind: true } }],
  [['--best-effort'], { policy: { bestEffort: true } }],
  [['--atomic'], { policy: { atomic: true } }],
  [['--max-deletes', '0', '--max-forced', '7'], { policy: { maxDeletes: 0, maxForced: 7 } }],
  [['--expected-plan', 'sha256:1'], { policy: { expectedPlan: 'sha256:1' } }],
  [['--lfs'], { policy: { lfs: 'new' } }],
  [['--lfs=all'], { policy: { lfs: 'all' } }],
  [
    ['--lfs-max-bytes', '1GiB', '--lfs-max-objects', '10'],
    { options: { lfsMaxBytes: 1024 ** 3, lfsMaxObjects: 10 } },
  ],
  [['--source-lfs-url', 'https://lfs.example/a'], { source: { url: A, lfsUrl: 'https://lfs.example/a' } }],
  [['--target-lfs-url', 'https://lfs.example/b'], { target: { url: B, lfsUrl: 'https://lfs.example/b' } }],
  [['--protocol', 'v1'], { policy: { protocol: 'v1' } }],
  [['--mode', 'replicate'], { policy: { mode: 'replicate' } }],
  [['--max-pack-bytes', '50MiB'], { options: { maxPackBytes: 50 * 1024 ** 2 } }],
  [['--target-max-pack-bytes', '1.5GB'], { options: { targetMaxPackBytes: 1.5e9 } }],
  [['--target-max-ref-updates', '100'], { options: { targetMaxRefUpdates: 100 } }],
  [['--materialize', 'never'], { options: { materialize: 'never' } }],
  [['--materialized-max-bytes', '1000'], { options: { materializedMaxBytes: 1000 } }],
  [['--materialized-max-objects', '9'], { options: { materializedMaxObjects: 9 } }],
  [['--push-option', 'a=b', '--push-option', 'c'], { options: { pushOptions: ['a=b', 'c'] } }],
  [['--measure-memory'], { options: { measureMemory: true } }],
  [['--omit-skipped'], { options: { omitSkipped: true } }],
  [['--stats'], { collectStats: true }],
  [['--json', '--progress', '-v'], {}],
  [
    ['--source-username', 'u', '--source-token', 't', '--source-insecure-skip-tls-verify'],
    { auth: { source: { username: 'u', token: 't', skipTlsVerify: true }, target: {} } },
  ],
  [
    ['--target-username', 'u', '--target-bearer-token', 't', '--target-insecure-skip-tls-verify'],
    { auth: { source: {}, target: { username: 'u', bearerToken: 't', skipTlsVerify: true } } },
  ],
  [
    ['--source-bearer-token', 's', '--target-token', 't'],
    { auth: { source: { bearerToken: 's' }, target: { token: 't' } } },
  ],
  [['--source-follow-info-refs-redirect'], { source: { url: A, followInfoRefsRedirect: true } }],
  [['--target-follow-info-refs-redirect'], { target: { url: B, followInfoRefsRedirect: true } }],
]
for (const [args, part] of cases) {
  t.test(`plan ${args.join(' ')}`, async (t) => {
    const request = syncRequest(A, B, parse('plan', args))
    t.strictSame(request, { ...bare, ...part })
    t.doesNotThrow(() => validateSyncRequest(request))
  })
}

t.test('each flag of plan is tried above', async (t) => {
  const plan = buildProgram().commands.find((command) => command.name() === 'plan')
  const tried = new Set(cases.flatMap(([args]) => args))
  for (const { long, short } of plan?.options ?? [])
    t.ok(tried.has(long ?? '') || tried.has(short ?? ''), long ?? '')
})

t.test('probe and fetch', async (t) => {
  const probe = probeRequest(
    A,
    undefined,
    parse('probe', ['--tags', '--all-refs', '--exclude-ref-prefix', 'refs/x/']),
  )
  t.strictSame(probe, {
    source: { url: A },
    includeTags: true,
    allRefs: true,
    excludeRefPrefixes: ['refs/x/'],
    auth: { source: {}, target: {} },
    options: {},
  })
  t.doesNotThrow(() => validateProbeRequest(probe))
  const id = 'a'.repeat(40)
  t.strictSame(
    fetchRequest(A, parse('fetch', ['--have', id, '--have-ref', 'a', '--have-ref', 'b', '--branch', 'x'])),
    {
      source: { url: A },
      scope: { branches: ['x'] },
      haves: [id],
      haveRefs: ['a', 'b'],
      auth: { source: {} },
      options: {},
    },
  )
})

t.test('a token from a file brings no line end along', async (t) => {
  for (const lineEnd of ['\n', '\r\n', '\n\n']) {
    const flags = ['--source-token', `t0ken${lineEnd}`, '--target-bearer-token', `bearer${lineEnd}`]
    const names = ['--source-username', `ada${lineEnd}`]
    t.strictSame(syncRequest(A, B, parse('sync', [...flags, ...names])).auth, {
      source: { username: 'ada', token: 't0ken' },
      target: { bearerToken: 'bearer' },
    })
  }
})
