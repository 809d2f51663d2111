import { test } from 'tap'
import { resolveRequest } from '../../src/engine/request/sync-spec.js'
import {
  validatePlanRequest,
  validateProbeRequest,
  validateSyncRequest,
} from '../../src/engine/request/validate.js'
import { resolveAuth } from '../../src/engine/run/auth.js'
import type { SyncRequest } from '../../src/index.js'
import { refusedPaths, source, syncRequest, target } from '../../testing/cases/invalid-requests.js'

// As Go marshals them: every field there, none of them set.
const zeroAuth = { source: { username: '', token: '', bearerToken: '', skipTlsVerify: false }, target: {} }
const zeroScope = {
  branches: null,
  mappings: null,
  allRefs: false,
  excludeRefPrefixes: null,
  excludeRefs: null,
}
const zeroPolicy = {
  mode: '' as const,
  includeTags: false,
  prune: false,
  force: false,
  forceWithLease: false,
  forceBlind: false,
  bestEffort: false,
  atomic: false,
  protocol: '' as const,
  expectedPlan: '',
}
const zeroOptions = {
  maxPackBytes: 0,
  targetMaxPackBytes: 0,
  targetMaxRefUpdates: 0,
  measureMemory: false,
  materializedMaxBytes: 0,
  materializedMaxObjects: 0,
  pushOptions: null,
  omitSkipped: false,
}
const zeroSync = syncRequest({
  source: { ...source, followInfoRefsRedirect: false },
  scope: zeroScope,
  policy: zeroPolicy,
  collectStats: false,
  auth: zeroAuth,
  options: zeroOptions,
})

const jobOf = (request: SyncRequest) =>
  resolveRequest(request, false, { spoolDir: '/tmp', tempRefPrefix: 'refs/gitsync', lfs: 'off' })

test('every request takes the zero values that Go marshals', async (t) => {
  t.same(refusedPaths(validateSyncRequest, zeroSync), [])
  t.same(refusedPaths(validatePlanRequest, zeroSync), [])
  const empty = {
    ...zeroSync,
    scope: { branches: [], mappings: [], excludeRefPrefixes: [], excludeRefs: [] },
  }
  t.same(refusedPaths(validateSyncRequest, empty), [])
  const probe = {
    source,
    target: null,
    includeTags: false,
    allRefs: false,
    excludeRefPrefixes: null,
    protocol: '',
    collectStats: false,
    auth: zeroAuth,
    options: { measureMemory: false },
  }
  t.same(refusedPaths(validateProbeRequest, probe), [])
  t.same(refusedPaths(validateProbeRequest, { ...probe, target, excludeRefPrefixes: [] }), [])
})

test('they mean "not set"', async (t) => {
  const { scope, ...zero } = jobOf(validateSyncRequest(zeroSync))
  const { scope: leastScope, ...least } = jobOf(syncRequest())
  t.same(zero, least)
  t.same(scope, leastScope)
  t.match(zero, { mode: 'sync', protocol: 'auto', expectedPlan: undefined, overwrite: false })
})

test('in options, 0 is the default or no limit', async (t) => {
  const { maxPackBytes, maxRefUpdates, targetMaxPackBytes, materialize, spool } = jobOf(zeroSync)
  t.equal(maxPackBytes, Number.POSITIVE_INFINITY)
  t.equal(maxRefUpdates, 5000)
  t.equal(targetMaxPackBytes, 0)
  t.equal(materialize, 'auto')
  t.match(spool, { maxBytes: 4 * 1024 ** 3, maxObjects: Number.POSITIVE_INFINITY })
})

test('in maxDeletes and maxForced, 0 means that none is allowed', async (t) => {
  const guarded = jobOf(syncRequest({ policy: { maxDeletes: 0, maxForced: 0 } }))
  t.same([guarded.maxDeletes, guarded.maxForced], [0, 0])
  const free = jobOf(zeroSync)
  t.same([free.maxDeletes, free.maxForced], [undefined, undefined])
})

test('empty lists contradict nothing', async (t) => {
  const scopes = [
    { branches: [], allRefs: true },
    { branches: null, allRefs: true },
    { branches: ['main'], mappings: [] },
    { branches: null, mappings: [{ source: 'a', target: 'b' }] },
    { branches: [], mappings: [{ source: 'a', target: 'b' }], allRefs: true },
  ]
  for (const scope of scopes)
    t.same(refusedPaths(validateSyncRequest, syncRequest({ scope })), [], JSON.stringify(scope))
})

test('a side of auth without tokens brings no credentials', async (t) => {
  const { signal } = new AbortController()
  const { credentials } = await resolveAuth(zeroAuth.source, undefined, {
    endpoint: source,
    role: 'source',
    signal,
  })
  t.equal(credentials.authorization(), undefined)
})
