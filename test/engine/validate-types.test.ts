import { test } from 'tap'
import {
  validatePlanRequest,
  validateProbeRequest,
  validateSyncRequest,
} from '../../src/engine/request/validate.js'
import { refusedPaths, source, syncRequest, target } from '../../testing/cases/invalid-requests.js'

const both = [validateSyncRequest, validatePlanRequest]

/** A request with one value at a JSON pointer. */
function withValue(path: string, value: unknown): unknown {
  const request: Record<string, unknown> = structuredClone({ ...syncRequest() })
  const names = path.slice(1).split('/')
  const last = names.pop() ?? ''
  let parent = request
  for (const name of names) {
    parent[name] ??= {}
    parent = parent[name] as Record<string, unknown>
  }
  parent[last] = value
  return request
}

const values = {
  string: ['x'],
  boolean: [true, false],
  count: [0, 1, Number.MAX_SAFE_INTEGER],
  strings: [null, [], ['refs/heads/x']],
}
const wrong = {
  string: [1, true, null, ['x'], {}],
  boolean: ['true', 'yes', 1, 0, null, [], {}],
  count: ['1', 1.5, -1, 2 ** 53, true, null, [], {}],
  strings: ['x', 1, true, {}, [1], [null], [['x']]],
}

const fields: [keyof typeof values, string[]][] = [
  [
    'string',
    ['/policy/expectedPlan', '/auth/source/username', '/auth/source/token', '/auth/target/bearerToken'],
  ],
  [
    'boolean',
    [
      ...['/source/followInfoRefsRedirect', '/target/followInfoRefsRedirect', '/auth/target/skipTlsVerify'],
      ...['/scope/allRefs', '/collectStats', '/options/measureMemory', '/options/omitSkipped'],
      ...['includeTags', 'prune', 'force', 'forceWithLease', 'forceBlind', 'bestEffort', 'atomic'].map(
        (name) => `/policy/${name}`,
      ),
    ],
  ],
  [
    'count',
    [
      ...['/policy/maxDeletes', '/policy/maxForced'],
      ...['maxPackBytes', 'targetMaxPackBytes', 'targetMaxRefUpdates'].map((name) => `/options/${name}`),
      ...['materializedMaxBytes', 'materializedMaxObjects'].map((name) => `/options/${name}`),
    ],
  ],
  ['strings', ['/scope/branches', '/scope/excludeRefPrefixes', '/scope/excludeRefs', '/options/pushOptions']],
]

test('every field takes its type, and nothing is coerced into it', async (t) => {
  for (const [type, paths] of fields) {
    for (const path of paths) {
      for (const validate of both) {
        for (const value of values[type]) {
          t.same(refusedPaths(validate, withValue(path, value)), [], `${path}: ${JSON.stringify(value)}`)
        }
        for (const value of wrong[type]) {
          const refused = refusedPaths(validate, withValue(path, value))
          t.ok(refused[0]?.startsWith(path), `${path}: not ${JSON.stringify(value)}`)
        }
      }
    }
  }
})

test('parts that are objects are nothing else', async (t) => {
  for (const path of [
    '/source',
    '/target',
    '/scope',
    '/policy',
    '/options',
    '/auth',
    '/auth/source',
    '/auth/target',
  ]) {
    for (const value of [null, 'x', 1, true, []]) {
      for (const validate of both) t.ok(refusedPaths(validate, withValue(path, value)).includes(path), path)
    }
  }
})

test('enumerations', async (t) => {
  const enums = {
    '/policy/mode': ['', 'sync', 'replicate'],
    '/policy/protocol': ['', 'auto', 'v1', 'v2'],
    '/options/materialize': ['auto', 'always', 'never'],
  }
  for (const [path, members] of Object.entries(enums)) {
    for (const validate of both) {
      for (const value of members)
        t.same(refusedPaths(validate, withValue(path, value)), [], `${path} ${value}`)
      for (const value of ['x', members[1]?.toUpperCase(), 1, null, true, []]) {
        t.same(refusedPaths(validate, withValue(path, value)), [path], `${path} ${value}`)
      }
    }
  }
})

test('the fields of a probe', async (t) => {
  const refused = (parts: object) => refusedPaths(validateProbeRequest, { source, ...parts })
  for (const name of ['includeTags', 'allRefs', 'collectStats']) {
    t.same(refused({ [name]: true }), [])
    t.same(refused({ [name]: 'true' }), [`/${name}`])
  }
  t.same(refused({ options: { measureMemory: true }, auth: { source: { token: 'x' } }, protocol: 'v2' }), [])
  t.same(refused({ options: { measureMemory: 1 } }), ['/options/measureMemory'])
  t.same(refused({ protocol: 'v3' }), ['/protocol'])
  t.same(refused({ excludeRefPrefixes: ['refs/heads/x', 'heads/y'] }), ['/excludeRefPrefixes/1'])
  t.ok(refused({ target: 'x' }).includes('/target'))
  t.same(refused({ target }), [])
})
