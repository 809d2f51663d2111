import { test } from 'tap'
import { PacketReader } from '../../../src/git/packets/packet-reader.js'
import { readSideBand } from '../../../src/git/packets/side-band-stream.js'
import { cutInto, gather, streamOf, watchedStream } from '../../../testing/packets/chunks.js'
import { band, FLUSH } from '../../../testing/packets/wire.js'

const answer = Buffer.concat([band(2, 'Counting'), band(1, 'PACK'), band(2, '\n'), band(1, 'data'), FLUSH])

const open = (bytes: AsyncIterable<Buffer>, onText = (_: Buffer) => {}) =>
  readSideBand(new PacketReader(bytes), onText)

test('data comes out, text goes to its sink', async (t) => {
  for (const size of [1, 3, 7, answer.length]) {
    let text = ''
    const data = await gather(
      open(streamOf(answer, [size]), (bytes) => {
        text += bytes.toString()
      }),
    )
    t.equal(data.toString(), 'PACKdata', `chunks of ${size}`)
    t.equal(text, 'Counting\n')
  }
})

test('no chunk of data is empty', async (t) => {
  const sizes: number[] = []
  for await (const data of open(streamOf(answer, [1]))) sizes.push(data.length)
  t.same(sizes, new Array(8).fill(1))
})

test('a stream without its flush was cut, wherever the cut is', async (t) => {
  for (let length = 0; length < answer.length; length++) {
    const message = 'the response is truncated (no flush packet)'
    const reading = gather(open(streamOf(answer.subarray(0, length))))
    await t.rejects(reading, { name: 'ProtocolError', message }, `${length} bytes`)
  }
})

test('what follows the flush is read, so that the connection can serve again, and ignored', async (t) => {
  const { bytes, seen } = watchedStream([
    Buffer.from(answer),
    Buffer.from('0003 garbage'),
    band(3, 'too late'),
  ])
  t.equal((await gather(open(bytes))).toString(), 'PACKdata')
  t.equal(seen.end, 'reached')
})

test('it begins where the packets before it ended', async (t) => {
  const reader = new PacketReader(streamOf(Buffer.concat([Buffer.from('000dpackfile\n'), answer]), [100]))
  await reader.next()
  t.equal((await gather(readSideBand(reader, () => {}))).toString(), 'PACKdata')
})

test('the fatal error of band 3 fails the read', async (t) => {
  const wire = Buffer.concat([band(1, 'PACK'), band(3, 'disk full\n'), FLUSH])
  await t.rejects(gather(open(streamOf(wire, [2]))), { name: 'ProtocolError', message: 'disk full' })
})

test('what was said before it is heard, also where it came in one chunk', async (t) => {
  const wire = Buffer.concat([band(2, 'over '), band(2, 'quota\n'), band(3, 'hook declined\n')])
  for (const size of [3, wire.length]) {
    let text = ''
    const reading = gather(open(streamOf(wire, [size]), (bytes) => (text += bytes.toString())))
    await t.rejects(reading, { name: 'ProtocolError', message: 'hook declined' })
    t.equal(text, 'over quota\n')
  }
})

test('returning lets go of the stream, also before anything was read', async (t) => {
  const { bytes, seen } = watchedStream(cutInto(answer, [20]))
  const stream = open(bytes)
  await stream.next()
  await stream.return()
  t.equal(seen.end, 'let go')

  let released = false
  const never: AsyncIterable<Buffer> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: async () => {
        released = true
        return { done: true, value: undefined }
      },
    }),
  }
  const waiting = open(never)
  void waiting.next()
  await waiting.return()
  t.equal(released, true, 'even while a read is waiting')
})
