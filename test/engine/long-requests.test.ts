import { test } from 'tap'
import { selectRefs } from '../../src/engine/plan/select.js'
import { toScope } from '../../src/engine/request/scope.js'
import { GitSyncError, validateSyncRequest } from '../../src/index.js'
import { syncRequest } from '../../testing/cases/invalid-requests.js'
import { processorTime } from '../../testing/processes/processor-time.js'

const MIB = 1024 * 1024
/** Milliseconds of processor time. Each of these took from seconds to hours before; now they take some 30. */
const LONG = 2_000

/** As many items as go into a body of 1 MiB. */
function fill<T>(make: (at: number) => T): T[] {
  const items: T[] = []
  for (let size = 0; size < MIB; size += JSON.stringify(items.at(-1)).length + 1)
    items.push(make(items.length))
  return items
}

const bodies: Record<string, unknown> = {
  'mappings of names': { scope: { mappings: fill((at) => ({ source: 'a', target: `b${at}` })) } },
  'mappings with stars': { scope: { mappings: fill((at) => ({ source: 'a*', target: `b${at}-*` })) } },
  'stars before suffixes': { scope: { mappings: fill((at) => ({ source: '*a', target: `*-${at}-x` })) } },
  'overlapping stars': { scope: { mappings: fill(() => ({ source: '*', target: 'b*' })) } },
  'one target': { scope: { mappings: fill(() => ({ source: 'a', target: 'b' })) } },
  'deep folders': {
    scope: { mappings: fill((at) => ({ source: 'a', target: `${'b/'.repeat(at % 2000)}c` })) },
  },
  'a mapping that is none, behind others': {
    scope: { mappings: [...fill((at) => ({ source: 'a', target: `b${at}` })), 1] },
  },
  'wrong types': { scope: { branches: fill(() => 1) } },
  'unknown properties': Object.fromEntries(fill((at) => `k${at}`).map((name) => [name, 1])),
  'a name without an end': { [`k${'/'.repeat(MIB)}`]: 1 },
  'invalid branches': { scope: { branches: fill(() => '..') } },
  'one long branch': { scope: { branches: ['\u0007'.repeat(MIB)] } },
  'stars without end': { scope: { branches: ['*'.repeat(MIB)] } },
  'half characters': { scope: { excludeRefs: fill(() => 'refs/heads/\udcff\udcfe') } },
  'excludes of a wrong form': { scope: { excludeRefs: fill(() => 'x') } },
  'push options': { options: { pushOptions: fill(() => 'a\nb') } },
  'slashes in a URL': { source: { url: `https://a.example/${'/'.repeat(MIB)}x` } },
  'a host name without an end': { source: { url: `https://${'a.'.repeat(MIB / 2)}example/x` } },
}

for (const [what, parts] of Object.entries(bodies)) {
  test(`1 MiB of ${what}: checked at once, with a short answer`, async (t) => {
    let errors: unknown[] = []
    let message = ''
    const time = await processorTime(() => {
      try {
        validateSyncRequest(syncRequest(parts as object))
      } catch (error) {
        if (!(error instanceof GitSyncError)) throw error
        errors = error.errors ?? []
        message = error.message
      }
    })
    t.ok(time < LONG, `${Math.round(time)} ms`)
    t.ok(errors.length <= 100 && JSON.stringify(errors).length < 100_000 && message.length < 2_000)
  })
}

test('the first 100 of many problems are told, and that there are more', async (t) => {
  const branches = Array.from({ length: 500 }, () => '..')
  t.throws(() => validateSyncRequest(syncRequest({ scope: { branches } })), {
    code: 'invalid_request',
    errors: { length: 100 },
    message: /^\/scope\/branches\/0 .* \(and at least 100 more\)\.$/,
  })
})

const id = 'a'.repeat(40)
const listed = new Map(Array.from({ length: 100_000 }, (_, at) => [`refs/heads/b${at}`, id]))
const some = (make: (at: number) => string) => Array.from({ length: 40_000 }, (_, at) => make(at))

const excludes: Record<string, string[]> = {
  names: some((at) => `refs/heads/b${2 * at}`),
  'names that are not there': some((at) => `refs/heads/x${at}`),
  'stars at the end': some((at) => `refs/heads/b1${at}*`),
  'stars before suffixes': some((at) => `refs/heads/*x${at}`),
}
for (const [what, excludeRefs] of Object.entries(excludes)) {
  test(`40,000 excludes of 100,000 refs: ${what}`, async (t) => {
    let selected = 0
    const time = await processorTime(async () => {
      const { desired } = await selectRefs(toScope({ excludeRefs }, false), listed)
      selected = desired.size
    })
    t.ok(time < 5 * LONG, `${Math.round(time)} ms`)
    t.ok(selected > 0)
  })
}

test('10,000 mappings with stars over 100,000 refs', async (t) => {
  const mappings = Array.from({ length: 10_000 }, (_, at) => ({ source: `b${at}*`, target: `c${at}/*` }))
  let isSelected = false
  const time = await processorTime(async () => {
    const { desired } = await selectRefs(toScope({ mappings }, false), listed)
    isSelected = desired.has('refs/heads/c9999/9')
  })
  t.ok(time < 10 * LONG, `${Math.round(time)} ms`)
  t.ok(isSelected)
})

test('mappings that multiply what is listed end in an error, not in memory', async (t) => {
  const mappings = Array.from({ length: 100 }, (_, at) => ({ source: '*', target: `c${at}/*` }))
  await t.rejects(selectRefs(toScope({ mappings }, false), listed), {
    code: 'invalid_request',
    message: /500,000/,
  })
})

test('a selection ends with its run', async (t) => {
  const ending = new AbortController()
  const mappings = Array.from({ length: 40 }, (_, at) => ({ source: '*', target: `c${at}/*` }))
  const selecting = selectRefs(toScope({ mappings }, false), listed, ending.signal)
  setImmediate(() => ending.abort(new GitSyncError('cancelled', 'gone')))
  await t.rejects(selecting, { code: 'cancelled' })
})

test('names of a remote or a caller make a bounded number of notices', async (t) => {
  const branches = Array.from({ length: 1_000 }, (_, at) => `gone${at}`)
  const odd = new Map(
    Array.from({ length: 1_000 }, (_, at) => [`refs/heads/..${'x'.repeat(9_000)}${at}`, id]),
  )
  const { notices } = await selectRefs(
    toScope({ branches: [...branches, 'b1'] }, false),
    new Map([...listed, ...odd]),
  )
  t.ok(notices.length < 50 && notices.join('').length < 20_000)
  t.match(notices, ['left out', 'left out'])
  t.ok(notices.includes('the source has no 980 more such names'))
})
