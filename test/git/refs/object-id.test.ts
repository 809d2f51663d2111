import { test } from 'tap'
import { hashSize, isObjectId, zeroId } from '../../../src/git/refs/object-id.js'

test('an object id is 40 or 64 lower-case hex digits', async (t) => {
  for (const text of ['a'.repeat(40), '0123456789abcdef'.repeat(4)]) t.equal(isObjectId(text), true, text)
  const wrong = ['', 'a'.repeat(39), 'a'.repeat(41), 'a'.repeat(63), 'A'.repeat(40), 'g'.repeat(40)]
  for (const text of [...wrong, `${'a'.repeat(40)}\n`, ` ${'a'.repeat(40)}`]) {
    t.equal(isObjectId(text), false, JSON.stringify(text))
  }
})

test('the size of an id follows the object format', async (t) => {
  t.equal(zeroId('sha1'), '0000000000000000000000000000000000000000')
  t.equal(zeroId('sha256'), '0000000000000000000000000000000000000000000000000000000000000000')
  t.equal(hashSize('sha1'), 20)
  t.equal(hashSize('sha256'), 32)
})

test('the null id is no object id, and an id may have to be of one format', async (t) => {
  for (const format of ['sha1', 'sha256'] as const) {
    t.equal(isObjectId(zeroId(format)), false)
    t.equal(isObjectId(zeroId(format), format), false)
    t.equal(isObjectId(zeroId(format).replace(/0$/, '1'), format), true)
  }
  t.equal(isObjectId('a'.repeat(40), 'sha256'), false)
  t.equal(isObjectId('a'.repeat(64), 'sha1'), false)
})
