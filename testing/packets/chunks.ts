import fc from 'fast-check'

/** Sizes of chunks; where bytes are left over they begin anew. */
export const chunkSizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 })

/** `bytes` cut into chunks of these sizes, each a buffer of its own, as some readers write into them. */
export function cutInto(bytes: Uint8Array, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = sizes[chunks.length % sizes.length] ?? bytes.length
    chunks.push(Buffer.from(bytes.subarray(at, at + size)))
    at += size
  }
  return chunks
}

/** `bytes` as they could come over a network. */
export async function* streamOf(
  bytes: Uint8Array,
  sizes: readonly number[] = [],
): AsyncGenerator<Buffer, undefined> {
  yield* cutInto(bytes, sizes)
  return undefined
}

/** A stream that knows whether it was read to its end or let go of. */
export function watchedStream(chunks: Iterable<Buffer>) {
  const seen = { chunks: 0, end: 'open' as 'open' | 'reached' | 'let go' }
  async function* bytes(): AsyncGenerator<Buffer, undefined> {
    try {
      for (const chunk of chunks) {
        seen.chunks++
        yield chunk
      }
      seen.end = 'reached'
      return undefined
    } finally {
      if (seen.end === 'open') seen.end = 'let go'
    }
  }
  return { bytes: bytes(), seen }
}

/** All bytes of a stream. */
export async function gather(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
