import { inspect } from 'node:util'
import t from 'tap'
import { findCaller, parseCallers } from '../../../src/service/access/callers.js'

const callers = parseCallers(' ci:T0KEN/1+a== , T0KEN-2\r\nops:with:colon\n\nci:T0KEN-3')

t.test('each token is named by its prefix, or by its position', async (t) => {
  const names = { 'T0KEN/1+a==': 'ci', 'T0KEN-2': 'token-2', 'with:colon': 'ops', 'T0KEN-3': 'ci' }
  for (const [token, name] of Object.entries(names)) t.equal(findCaller(callers, `Bearer ${token}`), name)
  t.equal(findCaller(callers, 'bEARER  T0KEN-2'), 'token-2', 'the scheme is in any case (RFC 9110, 11.1)')
})

t.test('nothing else opens', async (t) => {
  const wrong = [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'T0KEN-2',
    'Basic T0KEN-2',
    'Bearer T0KEN',
    'Bearer T0KEN-22',
    'Bearer t0ken-2',
    'Bearer ci:T0KEN-3',
    'Bearer ci',
    'Bearer T0KEN-2 T0KEN-3',
    'Bearer T0KEN-2,',
    `Bearer ${callers[1]?.digest.toString('hex')}`,
    `Bearer ${'x'.repeat(100_000)}`,
  ]
  for (const authorization of wrong)
    t.equal(findCaller(callers, authorization), undefined, String(authorization))
})

t.test('a token is not kept', async (t) => {
  t.notMatch(inspect(callers, { depth: 9, showHidden: true }) + JSON.stringify(callers), /T0KEN|with:colon/)
})

t.test('an invalid entry is reported by its position', async (t) => {
  for (const text of ['a,ops:', 'a\n:', 'a,b c', 'a,ops:\u00e9', 'a,ops: b']) {
    t.throws(() => parseCallers(text), { message: 'entry 2 is not of the form name:token or token' }, text)
  }
  for (const text of ['', ' ', '\n,\n']) t.throws(() => parseCallers(text), { message: 'contains no token' })
})
