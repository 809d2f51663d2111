import assert from 'node:assert/strict'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'tap'
import { ProtocolError } from '../../../src/git/packets/protocol-error.js'
import { readAdvertisement } from '../../../src/git/wire/advertisement.js'
import { Capabilities } from '../../../src/git/wire/capabilities.js'
import { readLsRefs, writeLsRefs } from '../../../src/git/wire/ls-refs.js'
import { AGENT } from '../../../src/version.js'
import { git } from '../../../testing/git/git.js'
import { infoRefs, responseOf } from '../../../testing/git/git-bytes.js'
import { createRepository } from '../../../testing/git/sample-repository.js'
import { chunkSizes, streamOf, watchedStream } from '../../../testing/packets/chunks.js'
import { DELIM, FLUSH, pkt, RESPONSE_END } from '../../../testing/packets/wire.js'
import { holds } from '../../../testing/property.js'
import { temporaryFolder } from '../../../testing/temporary-folder.js'

const A = 'a'.repeat(40)
const B = 'b'.repeat(64)

const wireOf = (...lines: string[]) => Buffer.concat([...lines.map((line) => pkt(line)), FLUSH])
const read = (...lines: string[]) => readLsRefs(streamOf(wireOf(...lines), [5]))

test('the request, with no more than what is offered', async (t) => {
  const all = new Capabilities(['agent=git/2.39.5', 'ls-refs=unborn', 'object-format=sha256'])
  t.same(
    writeLsRefs(all, ['HEAD', 'refs/heads/']),
    Buffer.concat([
      pkt('command=ls-refs\n'),
      pkt(`agent=${AGENT}\n`),
      pkt('object-format=sha256\n'),
      DELIM,
      pkt('symrefs\n'),
      pkt('unborn\n'),
      pkt('ref-prefix HEAD\n'),
      pkt('ref-prefix refs/heads/\n'),
      FLUSH,
    ]),
  )
  const bare = Buffer.concat([pkt('command=ls-refs\n'), DELIM, pkt('symrefs\n'), FLUSH])
  t.same(writeLsRefs(new Capabilities(['ls-refs']), []), bare)
})

test('the response: refs, and the branch of HEAD', async (t) => {
  const head = `${A} HEAD symref-target:refs/heads/main`
  const found = await read(`${head}\n`, `${A} refs/heads/main\n`, `${B} refs/tags/v1 peeled:${A}\n`)
  t.same(Object.fromEntries(found.refs), { 'refs/heads/main': A, 'refs/tags/v1': B })
  t.equal(found.head, 'refs/heads/main')
  const plain = await read(`${A} refs/heads/b`, `${A} refs/heads/a`, head)
  t.same([...plain.refs.keys()], ['refs/heads/b', 'refs/heads/a'], 'no line ends, out of order, HEAD last')
  t.equal(plain.head, 'refs/heads/main')
  t.equal((await read(`${A} HEAD`)).head, undefined, 'a detached HEAD')
  t.match(await read(), { refs: { size: 0 }, head: undefined }, 'nothing at all')
})

test('an unborn HEAD names its branch and is not a ref', async (t) => {
  const found = await read('unborn HEAD symref-target:refs/heads/trunk')
  t.match(found, { refs: { size: 0 }, head: 'refs/heads/trunk' })
})

test('anything but a list of refs is an error, and releases the stream', async (t) => {
  for (const line of [
    '',
    A,
    `${A} `,
    `${A.slice(1)} refs/heads/a`,
    `unborn`,
    `x${A} refs/heads/a`,
    'ERR no',
  ]) {
    await t.rejects(read(line), { name: 'ProtocolError' }, JSON.stringify(line))
  }
  for (const end of [DELIM, RESPONSE_END, Buffer.alloc(0), Buffer.from('00')]) {
    const { bytes, seen } = watchedStream([pkt(`${A} refs/heads/a`), end, Buffer.from('0')])
    await t.rejects(readLsRefs(bytes), { name: 'ProtocolError' }, end.toString())
    t.not(seen.end, 'open')
  }
  await t.rejects(readLsRefs(streamOf(Buffer.alloc(0))), {
    message: 'the response ends early, among the refs',
  })
})

const junk = fc.oneof(
  fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ maxLength: 60 }).map((line) => pkt(line)),
  fc.constantFrom(pkt(`${A} refs/heads/a\n`), pkt('unborn HEAD x'), FLUSH, DELIM, Buffer.from('0004')),
)

test('noise is read or is a ProtocolError, and never any other error', async (t) => {
  await holds(
    t,
    fc.asyncProperty(fc.array(junk, { maxLength: 6 }), chunkSizes, async (parts, sizes) => {
      const error = await readLsRefs(streamOf(Buffer.concat(parts), sizes)).catch((caught: unknown) => caught)
      assert.ok(!(error instanceof Error) || error instanceof ProtocolError, String(error))
    }),
    { numRuns: 300 },
  )
})

test('git lists what it is asked for', async (t) => {
  const repository = await createRepository(join(await temporaryFolder(t), 'repository'))
  const { dir } = repository
  const { capabilities } = await readAdvertisement(streamOf(await infoRefs('upload-pack', dir, 'v2')))
  const ask = async (...prefixes: string[]) => {
    const answer = await responseOf('upload-pack', dir, writeLsRefs(capabilities, prefixes), 'v2')
    return readLsRefs(streamOf(answer))
  }
  t.match(await ask('HEAD', 'refs/'), { refs: { size: 0 }, head: 'refs/heads/main' }, 'an unborn HEAD')
  const tip = await repository.commit('main')
  await repository.tag('v1', tip, { annotated: true })
  await git(dir, 'symbolic-ref', 'refs/heads/alias', 'refs/heads/main')
  const { refs, head } = await ask('HEAD', 'refs/')
  t.same(Object.fromEntries(refs), await repository.refs())
  t.equal(head, 'refs/heads/main')
  t.same([...(await ask('refs/tags/')).refs.keys()], ['refs/tags/v1'])
})

test('a list that goes on after its end is refused: what follows would be taken for absent, and pruned', async (t) => {
  const line = Buffer.from(pkt(`${A} refs/heads/main\n`))
  const wire = Buffer.concat([line, FLUSH, Buffer.from(pkt(`${A} refs/heads/kept\n`)), FLUSH])
  await t.rejects(readLsRefs(streamOf(wire)), { name: 'ProtocolError', message: /goes on after its end/ })
  t.equal((await readLsRefs(streamOf(Buffer.concat([line, FLUSH, Buffer.from('\n')])))).refs.size, 1)
})
