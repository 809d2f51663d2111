import { join } from 'node:path'
import { test } from 'tap'
import { parsePackHeader } from '../../../src/git/pack/pack.js'
import { openPackStream } from '../../../src/git/pack/pack-stream.js'
import { PacketReader } from '../../../src/git/packets/packet-reader.js'
import { gitWith } from '../../../testing/git/git.js'
import { gitBytes } from '../../../testing/git/git-bytes.js'
import { createRepository } from '../../../testing/git/sample-repository.js'
import { cutInto, gather, streamOf, watchedStream } from '../../../testing/packets/chunks.js'
import { band, FLUSH } from '../../../testing/packets/wire.js'
import { temporaryFolder } from '../../../testing/temporary-folder.js'

const header = (version: number, objects: number) => {
  const bytes = Buffer.alloc(12)
  bytes.write('PACK')
  bytes.writeUInt32BE(version, 4)
  bytes.writeUInt32BE(objects, 8)
  return bytes
}
const pack = Buffer.concat([header(2, 4_000_000_000), Buffer.from('objects and checksum')])
const banded = (bytes: Buffer) => Buffer.concat([band(1, bytes), FLUSH])

const open = (bytes: AsyncIterable<Buffer>) => openPackStream(new PacketReader(bytes), () => {})

test('the object count of a header', async (t) => {
  t.equal(parsePackHeader(header(2, 0)), 0)
  t.equal(parsePackHeader(header(3, 4_294_967_295)), 4_294_967_295)
  t.equal(parsePackHeader(pack), 4_000_000_000)
})

test('what git packs', async (t) => {
  const repository = await createRepository(join(await temporaryFolder(t), 'repository'))
  await repository.addCommits('main', 7)
  const bytes = await gitBytes({}, '-C', repository.dir, 'pack-objects', '--all', '--stdout', '-q')
  const listed = await gitWith(repository.dir, {}, 'rev-list', '--all', '--objects')
  const stream = await open(streamOf(banded(bytes), [1000]))
  t.equal(stream.objects, listed.split('\n').length)
  t.same(await gather(stream), bytes)
})

test('a header split over packets and chunks, in a side-band and bare', async (t) => {
  const splits = [
    [11, 1, 100],
    [4, 4, 4, 100],
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 100],
    [12, 100],
    [13, 100],
  ]
  for (const sizes of splits) {
    const packets = cutInto(pack, sizes).map((part) => band(1, part))
    const wire = Buffer.concat([band(2, 'Counting'), ...packets, FLUSH])
    for (const chunks of [[], [1], [5], [7, 2]]) {
      const stream = await open(streamOf(wire, chunks))
      t.equal(stream.objects, 4_000_000_000, `${sizes}`)
      t.same(await gather(stream), pack)
    }
    const bare = await open(streamOf(pack, sizes))
    t.equal(bare.objects, 4_000_000_000)
    t.same(await gather(bare), pack)
  }
})

test('it is open as soon as the header is here', async (t) => {
  const { bytes, seen } = watchedStream(cutInto(banded(pack), [17, 1]))
  const stream = await open(bytes)
  t.equal(seen.chunks, 1)
  await stream.return()
  t.equal(seen.end, 'let go')
})

test('what is no pack is an error, and lets go of the stream', async (t) => {
  const noPack = 'the response has no pack'
  const cases: [Buffer, string][] = [
    [banded(Buffer.from('JUNK of 12 bytes and more')), noPack],
    [banded(header(2, 1).subarray(0, 11)), noPack],
    [FLUSH, noPack],
    [Buffer.concat([band(2, 'nothing to do\n'), FLUSH]), noPack],
    [header(2, 1).subarray(0, 11), noPack],
    [banded(header(4, 1)), 'pack version 4 is not known'],
    [banded(header(1, 1)), 'pack version 1 is not known'],
    [header(4, 1), 'pack version 4 is not known'],
    [Buffer.alloc(0), 'the response is truncated (no flush packet)'],
    [Buffer.concat([band(1, 'PACK'), band(3, 'out of memory')]), 'out of memory'],
  ]
  for (const [wire, message] of cases) {
    const { bytes, seen } = watchedStream([wire])
    await t.rejects(open(bytes), { name: 'ProtocolError', message }, wire.toString('latin1'))
    t.not(seen.end, 'open')
  }
})

test('a pack in a side-band that ends without its flush was cut', async (t) => {
  const wire = banded(pack)
  for (let length = 17; length < wire.length; length++) {
    const stream = await open(streamOf(wire.subarray(0, length)))
    const message = 'the response is truncated (no flush packet)'
    await t.rejects(gather(stream), { name: 'ProtocolError', message }, `${length} bytes`)
  }
})

test('leaving the loop lets go of the stream', async (t) => {
  const { bytes, seen } = watchedStream(cutInto(banded(pack), [20]))
  for await (const _ of await open(bytes)) break
  t.equal(seen.end, 'let go')
})
