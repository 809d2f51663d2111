import { test } from 'tap'
import { type RefAdvertisement, readAdvertisement } from '../../../src/git/wire/advertisement.js'
import { streamOf, watchedStream } from '../../../testing/packets/chunks.js'
import { FLUSH, pkt } from '../../../testing/packets/wire.js'

const A = 'a'.repeat(40)
const B = 'b'.repeat(40)
const ZERO = '0'.repeat(40)

const wireOf = (...lines: string[]) => Buffer.concat([...lines.map((line) => pkt(line)), FLUSH])
const read = (wire: Buffer) => readAdvertisement(streamOf(wire, [7]))
const readRefs = async (...lines: string[]) => (await read(wireOf(...lines))) as RefAdvertisement

test('v1: refs, capabilities and the branch of HEAD', async (t) => {
  const found = await readRefs(
    `${A} HEAD\0multi_ack symref=HEAD:refs/heads/trunk agent=git/2.39.5\n`,
    `${A} refs/heads/a\n`,
    `${A} refs/heads/trunk\n`,
    `${B} refs/tags/v1\n`,
    `${A} refs/tags/v1^{}\n`,
  )
  t.equal(found.version, 1)
  t.same(
    [...found.refs],
    [
      ['refs/heads/a', A],
      ['refs/heads/trunk', A],
      ['refs/tags/v1', B],
    ],
    'without HEAD and without what tags peel to',
  )
  t.same(found.capabilities.list, ['multi_ack', 'symref=HEAD:refs/heads/trunk', 'agent=git/2.39.5'])
  t.equal(found.head, 'refs/heads/trunk')
  t.same([found.extraHaves, found.shallow], [[], []])
})

test('v1: what servers do differently', async (t) => {
  const lines = [`${A} refs/heads/b\0 report-status ofs-delta`, `${B} refs/heads/a`]
  const expected = [
    ['refs/heads/b', A],
    ['refs/heads/a', B],
  ]
  const plain = await readRefs(...lines)
  t.same([...plain.refs], expected, 'no line ends, and refs out of order')
  t.same(plain.capabilities.list, ['report-status', 'ofs-delta'], 'a space before the capabilities')
  t.same([...(await readRefs('version 1\n', ...lines)).refs], expected, 'a version line')
  const service = pkt('# service=git-receive-pack\n')
  const withService = (await read(Buffer.concat([service, FLUSH, wireOf(...lines)]))) as RefAdvertisement
  t.same([...withService.refs], expected, 'a service line')
  const unflushed = (await read(Buffer.concat([service, wireOf(...lines)]))) as RefAdvertisement
  t.same([...unflushed.refs], expected, 'a service line without its flush')
  const all = Buffer.concat([service, FLUSH, wireOf('version 1', ...lines)])
  t.same([...((await read(all)) as RefAdvertisement).refs], expected, 'both')
})

test('v1: an empty repository has no refs, and may have capabilities', async (t) => {
  const empty = await readRefs(`${ZERO} capabilities^{}\0report-status delete-refs\n`)
  t.equal(empty.refs.size, 0)
  t.ok(empty.capabilities.has('delete-refs'))
  t.equal(empty.head, undefined)
  t.equal((await readRefs()).refs.size, 0, 'a flush alone')
  const service = Buffer.concat([pkt('# service=git-upload-pack\n'), FLUSH, FLUSH])
  t.equal(((await read(service)) as RefAdvertisement).refs.size, 0)
})

test('v1: objects without refs, and the edges of a shallow history', async (t) => {
  const found = await readRefs(
    `${A} .have\0report-status`,
    `${B} .have`,
    `${B} refs/heads/main`,
    `shallow ${A}`,
  )
  t.same(found.extraHaves, [A, B])
  t.same(found.shallow, [A])
  t.same([...found.refs], [['refs/heads/main', B]])
  t.ok(found.capabilities.has('report-status'))
})

test('v1: without symref, HEAD is the branch that holds the same object', async (t) => {
  const head = `${A} HEAD\0multi_ack`
  const guess = async (...refs: string[]) => (await readRefs(head, ...refs)).head
  const [a, main, master] = ['a', 'main', 'master'].map((name) => `${A} refs/heads/${name}`) as [
    string,
    string,
    string,
  ]
  t.equal(await guess(a, master, main), 'refs/heads/main')
  t.equal(await guess(a, master), 'refs/heads/master')
  t.equal(await guess(`${B} refs/heads/main`, a), 'refs/heads/a')
  t.equal(await guess(`${A} refs/tags/v1`, `${B} refs/heads/main`), undefined, 'a detached HEAD')
  t.equal((await readRefs(`${A} refs/heads/main\0`)).head, undefined, 'no HEAD at all')
  const others = `${A} HEAD\0symref=refs/remotes/o/HEAD:refs/remotes/o/x symref=HEAD:refs/heads/b`
  t.equal((await readRefs(others, a)).head, 'refs/heads/b')
})

test('v2: capabilities, one a line', async (t) => {
  const lines = ['version 2\n', 'agent=git/2.39.5\n', 'ls-refs=unborn\n', 'fetch=shallow filter\n']
  const service = Buffer.concat([pkt('# service=git-upload-pack\n'), FLUSH])
  for (const wire of [wireOf(...lines), Buffer.concat([service, wireOf(...lines)])]) {
    const found = await read(wire)
    t.equal(found.version, 2)
    t.same(found.capabilities.list, ['agent=git/2.39.5', 'ls-refs=unborn', 'fetch=shallow filter'])
  }
})

test('an ERR line fails with the words of the remote', async (t) => {
  const service = pkt('# service=git-upload-pack\n')
  const error = pkt('ERR access denied\n')
  for (const wire of [
    error,
    Buffer.concat([service, FLUSH, error]),
    Buffer.concat([pkt('version 2'), error]),
  ]) {
    await t.rejects(read(wire), { name: 'ProtocolError', message: 'access denied' })
  }
})

test('the end of the body is read, so that the connection can serve again', async (t) => {
  const { bytes, seen } = watchedStream([wireOf(`${A} refs/heads/main\0\n`)])
  await readAdvertisement(bytes)
  t.equal(seen.end, 'reached')
})

test('a protocol error releases the stream', async (t) => {
  const { bytes, seen } = watchedStream([Buffer.from('<!DOCTYPE html>'), Buffer.from('<html>')])
  const message = 'expected a pkt-line length, got "<!DO"'
  await t.rejects(readAdvertisement(bytes), { name: 'ProtocolError', message })
  t.equal(seen.end, 'let go')
})
