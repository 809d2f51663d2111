import { test } from 'tap'
import { Capabilities } from '../../../src/git/wire/capabilities.js'

test('names with and without values', async (t) => {
  const found = Capabilities.parse(
    'multi_ack agent=git/2.39.5 symref=HEAD:refs/heads/a symref=B:c empty= x=a=b',
  )
  t.ok(found.has('multi_ack'))
  t.equal(found.get('multi_ack'), '')
  t.equal(found.get('agent'), 'git/2.39.5')
  t.same(found.all('symref'), ['HEAD:refs/heads/a', 'B:c'], 'one name, several values')
  t.equal(found.get('symref'), 'HEAD:refs/heads/a', 'the first of them')
  t.equal(found.get('empty'), '')
  t.equal(found.get('x'), 'a=b', 'a value may hold an equals sign')
})

test('what is not offered is absent, whatever objects inherit', async (t) => {
  const found = Capabilities.parse('multi_ack_detailed')
  for (const name of ['multi_ack', 'constructor', '__proto__', '']) {
    t.equal(found.has(name), false, name)
    t.equal(found.get(name), undefined)
    t.same(found.all(name), [])
  }
})

test('spaces around and between capabilities do not matter', async (t) => {
  t.same(Capabilities.parse(' report-status  atomic ').list, ['report-status', 'atomic'])
  t.same(Capabilities.parse('').list, [])
})

test('they are listed as advertised, in order', async (t) => {
  const lines = ['ls-refs=unborn', 'fetch=shallow filter', 'agent=x', 'agent=y']
  t.same(new Capabilities(lines).list, lines)
})

test('features of a v2 command', async (t) => {
  const found = new Capabilities(['fetch=shallow wait-for-done', 'ls-refs'])
  t.ok(found.hasFeature('fetch', 'shallow'))
  t.ok(found.hasFeature('fetch', 'wait-for-done'))
  t.notOk(found.hasFeature('fetch', 'wait'), 'a whole word')
  t.notOk(found.hasFeature('ls-refs', 'unborn'))
  t.notOk(found.hasFeature('object-info', 'size'))
})

test('the object format is what is offered, sha1 by default, and no other', async (t) => {
  t.equal(new Capabilities([]).objectFormat, 'sha1')
  t.equal(new Capabilities(['object-format=sha1']).objectFormat, 'sha1')
  t.equal(new Capabilities(['object-format=sha256']).objectFormat, 'sha256')
  const unknown = () => new Capabilities(['object-format=md5']).objectFormat
  t.throws(unknown, { name: 'ProtocolError', message: 'unknown object format md5' })
})
