import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { type ByteStream, prepend, type StreamHooks, wrapStream } from '../../src/runtime/byte-stream.js'
import { chunkSizes, cutInto, gather } from '../../testing/packets/chunks.js'
import { holds } from '../../testing/property.js'

const END = { done: true, value: undefined }
const bytes = fc.uint8Array({ maxLength: 120 }).map((array) => Buffer.from(array))

/** A source that records how it ends. It fails instead of giving chunk number `failsAt`. */
function recordedSource(chunks: readonly Buffer[], failsAt = Number.POSITIVE_INFINITY) {
  const failure = new Error('reset')
  const seen = { reads: 0, returns: 0, isOver: false }
  const source = {
    async next(): Promise<IteratorResult<Buffer, undefined>> {
      assert.equal(seen.isOver, false, 'no source is read behind its end')
      const number = seen.reads++
      if (number === failsAt) {
        seen.isOver = true
        throw failure
      }
      const value = chunks[number]
      if (value) return { value }
      seen.isOver = true
      return { done: true, value: undefined }
    },
    async return() {
      seen.returns++
      seen.isOver = true
    },
  }
  return { source, seen, failure }
}

/** Counts how often each hook that ends a stream runs. */
function countedHooks(hooks: StreamHooks = {}) {
  const runs = { end: 0, release: 0 }
  const counted: StreamHooks = {
    ...hooks,
    end() {
      runs.end++
      hooks.end?.()
    },
    release() {
      runs.release++
    },
  }
  return { runs, hooks: counted }
}

/** Wraps a stream several times, as a pack is on its way, each time by one of these kinds. */
const kinds = fc.array(fc.constantFrom('bare', 'chunk', 'waiting', 'start'), { maxLength: 5 })

function wrapped(
  source: Parameters<typeof wrapStream>[0],
  layers: readonly string[],
): { stream: ByteStream; start: Buffer } {
  let stream = wrapStream(source)
  let start: Buffer = Buffer.alloc(0)
  for (const kind of layers) {
    if (kind === 'bare') stream = wrapStream(stream)
    if (kind === 'chunk') stream = wrapStream(stream, { chunk: (chunk) => chunk })
    if (kind === 'waiting') stream = wrapStream(stream, { chunk: async (chunk) => chunk })
    if (kind !== 'start') continue
    stream = prepend(Buffer.from('start'), stream)
    start = Buffer.concat([Buffer.from('start'), start])
  }
  return { stream, start }
}

test('every byte comes out, in any chunks and through any layers', async (t) => {
  await holds(
    t,
    fc.asyncProperty(bytes, chunkSizes, kinds, async (data, sizes, layers) => {
      const { source, seen } = recordedSource(cutInto(data, sizes))
      const { stream, start } = wrapped(source, layers)
      assert.deepEqual(await gather(stream), Buffer.concat([start, data]))
      assert.equal(seen.returns, 0, 'a source that has ended is not released')
      assert.deepEqual(await stream.next(), END)
      assert.deepEqual(await stream.return(), END)
      assert.equal(seen.returns, 0)
    }),
  )
})

test('a reader that has enough releases the source once, wherever it stops', async (t) => {
  await holds(
    t,
    fc.asyncProperty(bytes, chunkSizes, kinds, fc.nat(10), async (data, sizes, layers, count) => {
      const { source, seen } = recordedSource(cutInto(data, sizes))
      const { stream, start } = wrapped(source, layers)
      const read: Buffer[] = []
      let isOver = false
      for (let number = 0; number < count && !isOver; number++) {
        const { done, value } = await stream.next()
        if (done) isOver = true
        else read.push(value)
      }
      assert.deepEqual(await stream.return(), END)
      assert.deepEqual(await stream.return(), END)
      assert.deepEqual(await stream.next(), END)
      assert.equal(seen.returns, isOver ? 0 : 1)
      const all = Buffer.concat([start, data])
      assert.deepEqual(Buffer.concat(read), all.subarray(0, Buffer.concat(read).length))
    }),
  )
})

test('an error at any point ends the stream, and reaches the reader as itself', async (t) => {
  await holds(
    t,
    fc.asyncProperty(bytes, chunkSizes, kinds, fc.nat(10), async (data, sizes, layers, failsAt) => {
      const chunks = cutInto(data, sizes)
      const { source, seen, failure } = recordedSource(chunks, Math.min(failsAt, chunks.length))
      const { stream } = wrapped(source, layers)
      await assert.rejects(gather(stream), (error) => error === failure)
      assert.equal(seen.isOver, true)
      assert.deepEqual(await stream.next(), END)
      assert.deepEqual(await stream.return(), END)
    }),
  )
})

test('an error of a hook at any point releases the source', async (t) => {
  await holds(
    t,
    fc.asyncProperty(bytes, chunkSizes, kinds, fc.nat(10), fc.boolean(), async (...drawn) => {
      const [data, sizes, layers, failsAt, isLate] = drawn
      const chunks = cutInto(data, sizes)
      const { source, seen } = recordedSource(chunks)
      const failure = new Error('over the limit')
      let number = 0
      const chunk = (value: Buffer): Buffer | Promise<Buffer> => {
        if (number++ < failsAt) return value
        if (isLate) return Promise.reject(failure)
        throw failure
      }
      const { runs, hooks } = countedHooks({ chunk })
      const { stream } = wrapped(wrapStream(source, hooks), layers)
      const fails = failsAt < chunks.length
      if (fails) await assert.rejects(gather(stream), (error) => error === failure)
      else await gather(stream)
      assert.equal(seen.returns, fails ? 1 : 0)
      assert.deepEqual(runs, { end: fails ? 0 : 1, release: 1 })
    }),
  )
})

test('the hook for errors says what the reader gets, also for errors of other hooks', async (t) => {
  const error = (cause: unknown) => new Error('the source failed', { cause })
  const { source, failure } = recordedSource([Buffer.from('a')], 1)
  await t.rejects(gather(wrapStream(source, { error })), { message: 'the source failed', cause: failure })

  const truncated = new Error('truncated')
  const end = () => {
    throw truncated
  }
  const { runs, hooks } = countedHooks({ end, error })
  const other = recordedSource([Buffer.from('a')])
  await t.rejects(gather(wrapStream(other.source, hooks)), { cause: truncated })
  t.same(runs, { end: 1, release: 1 })
})

test('what a failing release throws does not hide the error that caused it', async (t) => {
  const source = {
    next: () => Promise.reject(new Error('reset')),
    return: () => Promise.reject(new Error('no release')),
  }
  await t.rejects(wrapStream(source).next(), { message: 'reset' })
  await t.rejects(wrapStream(source).return(), { message: 'no release' })
})

test('a hook leaves chunks out, and ends the stream', async (t) => {
  const { source, seen } = recordedSource([...'a-b-.c'].map((letter) => Buffer.from(letter)))
  const { runs, hooks } = countedHooks({
    chunk(chunk) {
      if (chunk.toString() === '.') return undefined
      return chunk.toString() === '-' ? Buffer.alloc(0) : chunk
    },
  })
  const chunks: string[] = []
  for await (const chunk of wrapStream(source, hooks)) chunks.push(chunk.toString())
  t.same(chunks, ['a', 'b'])
  t.same(seen, { reads: 5, returns: 1, isOver: true })
  t.same(runs, { end: 0, release: 1 })
})

test('a read that is waiting does not delay the release, and fails', async (t) => {
  let wake = (_: IteratorResult<Buffer, undefined>) => {}
  let returns = 0
  const { runs, hooks } = countedHooks()
  const stream = wrapStream(
    {
      next: () => new Promise((resolve) => (wake = resolve)),
      return: async () => void returns++,
    },
    hooks,
  )
  const reading = stream.next()
  await stream.return()
  t.equal(returns, 1)
  wake({ done: true, value: undefined })
  await t.rejects(reading, { message: 'the stream was released while it was read' })
  t.equal(returns, 1)
  t.same(runs, { end: 0, release: 1 })
})

test('a source without a release, and a hook before each read', async (t) => {
  const { source } = recordedSource([Buffer.from('a'), Buffer.from('b')])
  const { next } = source
  let reads = 0
  const stream = prepend(Buffer.from('0'), wrapStream({ next }, { read: () => void reads++ }))
  t.equal((await stream.next()).value?.toString(), '0')
  t.equal(reads, 0, 'nothing is read before it is asked for')
  t.equal((await stream.next()).value?.toString(), 'a')
  t.equal(reads, 1)
  t.same(await stream.return(), END)
})
