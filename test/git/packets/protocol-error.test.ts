import { test } from 'tap'
import { asRefusedWant, RefusedWantError, RemoteFatalError } from '../../../src/git/packets/protocol-error.js'

const [WANTED, OTHER] = ['1'.repeat(40), '2'.repeat(40)]
const refusedIds = (text: string, wants = [WANTED, 'e'.repeat(64)]) => {
  const error = asRefusedWant(new RemoteFatalError(text), wants)
  return error instanceof RefusedWantError ? error.ids : undefined
}

test('a refused want, in the words of each server', async (t) => {
  const refusals = [
    `upload-pack: not our ref ${WANTED}`,
    `want ${WANTED} not valid`,
    `object ${WANTED} not found`,
    `Not our ref: not our ref ${WANTED}`,
    `Missing unknown ${WANTED}`,
    `bad object ${WANTED}`,
  ]
  for (const text of refusals) t.same(refusedIds(text), [WANTED], text)
  t.same(refusedIds(`not our ref ${'e'.repeat(64)}`), ['e'.repeat(64)])
  t.same(refusedIds('object not found'), [], 'of several, nobody knows which')
  t.same(refusedIds('object not found', [WANTED]), [WANTED])
  for (const text of ['out of memory', 'invalid request', 'not validated', 'cannot our ref']) {
    t.equal(refusedIds(text), undefined, text)
    t.equal(refusedIds(`${text} ${WANTED}`), undefined, text)
  }
})

test('fatal words about anything else refuse no want', async (t) => {
  const others = [
    'Repository not found',
    'Deploy key is not valid for this project',
    'LDAP user not found',
    'upload-pack: not our ref',
    `not our ref ${OTHER}`,
    `not our ref ${WANTED.slice(1)}`,
    `not our ref ${WANTED}0`,
    'The project you were looking for could not be found or does not exist',
  ]
  for (const text of others) t.equal(refusedIds(text), undefined, text)
})

test('a remote that gives no reason', async (t) => {
  t.equal(new RemoteFatalError('\r\n').message, 'it gave no reason')
})
