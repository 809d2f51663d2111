import { test } from 'tap'
import {
  validatePlanRequest,
  validateProbeRequest,
  validateSyncRequest,
} from '../../../src/engine/request/validate.js'
import { refusedPaths, source, syncRequest, target } from '../../../testing/cases/invalid-requests.js'

const validators = { probe: validateProbeRequest, plan: validatePlanRequest, sync: validateSyncRequest }
const refused = (request: unknown) => refusedPaths(validateSyncRequest, request)

test('the least that can be asked, and what comes back is what went in', async (t) => {
  for (const validate of Object.values(validators)) {
    const request = { source, target }
    t.equal(validate(request), request)
  }
  t.same(refusedPaths(validateProbeRequest, { source }), [], 'a probe needs no target')
})

test('what has to be there is named', async (t) => {
  t.same(refused({ source }), ['/target'])
  t.same(refused({ target }), ['/source'])
  t.same(refused({}), ['/source', '/target'], 'each field')
  t.same(refused({ source: {}, target }), ['/source/url'])
  t.same(refusedPaths(validateProbeRequest, {}), ['/source'])
})

test('the wrong item of a list, or part of what may be null, is named alone', async (t) => {
  t.same(refused(syncRequest({ scope: { branches: ['a', 1 as never] } })), ['/scope/branches/1'])
  t.same(refused(syncRequest({ scope: { mappings: [{ source: 'a' } as never] } })), [
    '/scope/mappings/0/target',
  ])
  t.same(refused(syncRequest({ options: { pushOptions: [null as never] } })), ['/options/pushOptions/0'])
  t.same(refusedPaths(validateProbeRequest, { source, target: {} }), ['/target/url'])
})

test('a body that is no object', async (t) => {
  for (const body of [undefined, null, '', 'sync', 7, true, []]) {
    for (const validate of Object.values(validators))
      t.not(refusedPaths(validate, body).length, 0, String(body))
  }
})

test('unknown properties are refused, wherever they are', async (t) => {
  const requests: [unknown, string][] = [
    [{ ...syncRequest(), dryRun: true }, '/dryRun'],
    [syncRequest({ source: { ...source, branch: 'x' } as never }), '/source/branch'],
    [syncRequest({ target: { ...target, token: 'x' } as never }), '/target/token'],
    [syncRequest({ scope: { branch: 'x' } as never }), '/scope/branch'],
    [
      syncRequest({ scope: { mappings: [{ source: 'a', target: 'b', force: true } as never] } }),
      '/scope/mappings/0/force',
    ],
    [syncRequest({ policy: { prunee: true } as never }), '/policy/prunee'],
    [syncRequest({ options: { maxPackSize: 1 } as never }), '/options/maxPackSize'],
    [syncRequest({ auth: { both: {} } as never }), '/auth/both'],
    [syncRequest({ auth: { source: { password: 'x' } } as never }), '/auth/source/password'],
    [
      JSON.parse(
        `{"source":{"url":"https://a.example"},"target":{"url":"https://b.example"},"__proto__":{}}`,
      ),
      '/__proto__',
    ],
  ]
  for (const [request, path] of requests) {
    for (const validate of [validateSyncRequest, validatePlanRequest]) {
      t.ok(refusedPaths(validate, request).includes(path), path)
    }
  }
  t.same(refusedPaths(validateProbeRequest, { source, scope: {} }), ['/scope'])
  t.same(refusedPaths(validateProbeRequest, { source, options: { materialize: 'auto' } }), [
    '/options/materialize',
  ])
})

test('a path is a JSON pointer', async (t) => {
  t.same(refused({ ...syncRequest(), 'a/b~c': true }), ['/a~1b~0c'])
})

test('every wrong field is named at once', async (t) => {
  const request = { ...syncRequest(), policy: { prune: 1, atomic: 'x' }, collectStats: 0 }
  t.same(refused(request), ['/collectStats', '/policy/atomic', '/policy/prune'])
})

test('the message says what is wrong with the first', async (t) => {
  t.throws(() => validateSyncRequest(syncRequest({ policy: { prunee: true } as never })), {
    code: 'invalid_request',
    message: '/policy/prunee is not a property of this request.',
    errors: [{ path: '/policy/prunee', message: 'is not a property of this request' }],
  })
  t.throws(() => validateSyncRequest({ ...syncRequest(), collectStats: 0, policy: { prune: 1 } }), {
    message: /\(and 1 more\)\.$/,
  })
})
