import { test } from 'tap'
import { validatePlanRequest, validateSyncRequest } from '../../../src/engine/request/validate.js'
import type { SyncPolicy, TransferOptions } from '../../../src/index.js'
import { refusedPaths, syncRequest } from '../../../testing/cases/invalid-requests.js'

function refused(policy: SyncPolicy, options: TransferOptions = {}) {
  const request = syncRequest({ policy, options })
  const [sync, plan] = [validateSyncRequest, validatePlanRequest].map((validate) =>
    refusedPaths(validate, request),
  )
  return JSON.stringify(sync) === JSON.stringify(plan) ? sync : ['sync and plan differ']
}

test('lease and blind together', async (t) => {
  t.same(refused({ force: true, forceBlind: true }), ['/policy/forceBlind'])
  t.same(refused({ forceWithLease: true, forceBlind: true }), ['/policy/forceBlind'])
  t.same(refused({ force: true, forceWithLease: true }), [], 'the two leases are the same')
  t.same(refused({ forceBlind: true }), [])
  t.same(refused({ force: false, forceBlind: true }), [])
})

test('any force with mode replicate', async (t) => {
  for (const name of ['force', 'forceWithLease', 'forceBlind']) {
    t.same(refused({ mode: 'replicate', [name]: true }), ['/policy/mode'], name)
    t.same(refused({ mode: 'sync', [name]: true }), [])
    t.same(refused({ mode: 'replicate', [name]: false }), [])
  }
})

test('atomic with bestEffort', async (t) => {
  t.same(refused({ atomic: true, bestEffort: true }), ['/policy/atomic'])
  t.same(refused({ atomic: true, bestEffort: false }), [])
  t.same(refused({ atomic: false, bestEffort: true }), [])
})

test('replicate with materialize: always', async (t) => {
  t.same(refused({ mode: 'replicate' }, { materialize: 'always' }), ['/options/materialize'])
  t.same(refused({ mode: 'replicate' }, { materialize: 'auto' }), [])
  t.same(refused({ mode: 'sync' }, { materialize: 'always' }), [])
})

test('push options are one line each', async (t) => {
  t.same(refused({}, { pushOptions: ['ci.skip', '', 'merge_request.title=ä b'] }), [])
  t.same(refused({}, { pushOptions: ['ok', 'two\nlines', 'nul\0'] }), [
    '/options/pushOptions/1',
    '/options/pushOptions/2',
  ])
  t.same(
    refused({}, { pushOptions: ['é'.repeat(40_000)] }),
    ['/options/pushOptions/0'],
    'and fit into a packet',
  )
})

test('every contradiction is named at once', async (t) => {
  const policy: SyncPolicy = {
    mode: 'replicate',
    force: true,
    forceBlind: true,
    atomic: true,
    bestEffort: true,
  }
  t.same(refused(policy, { materialize: 'always' }), [
    '/options/materialize',
    '/policy/atomic',
    '/policy/forceBlind',
    '/policy/mode',
  ])
})
