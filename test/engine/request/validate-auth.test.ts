import { test } from 'tap'
import {
  validatePlanRequest,
  validateProbeRequest,
  validateSyncRequest,
} from '../../../src/engine/request/validate.js'
import { refusedPaths, syncRequest } from '../../../testing/cases/invalid-requests.js'

const validators = [validateSyncRequest, validatePlanRequest, validateProbeRequest]

test('credentials that cannot be sent are refused by name, and not printed', async (t) => {
  for (const field of ['token', 'bearerToken', 'username']) {
    for (const wrong of [
      'hunter2\n',
      'hunter2\r\n',
      'hunt\0er2',
      '\u007fhunter2',
      'x'.repeat(16 * 1024 + 1),
    ]) {
      for (const side of ['source', 'target']) {
        const request = syncRequest({ auth: { [side]: { token: 'right', [field]: wrong } } })
        for (const validate of validators) {
          t.same(refusedPaths(validate, request), [`/auth/${side}/${field}`])
          t.throws(() => validate(request), { message: /^(?!.*h.nter2)/s })
        }
      }
    }
  }
})

test('others are taken as they are', async (t) => {
  for (const auth of [
    { username: 'ro:bot ü', token: 'p@ss wörd/%' },
    { bearerToken: 'a-b_c.d/e+f~g=' },
    { token: '', bearerToken: '' },
    { token: 'x'.repeat(16 * 1024) },
    {},
  ]) {
    for (const validate of validators)
      t.same(refusedPaths(validate, syncRequest({ auth: { source: auth, target: auth } })), [])
  }
})
