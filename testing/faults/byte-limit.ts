import { Transform } from 'node:stream'

interface Outcome {
  /** So many bytes have been read from the stream; whatever follows is dropped. */
  reached(): void
  /** The stream has ended before. */
  shorter(): void
}

/** Ends after so many bytes at the latest. */
export function byteLimit(bytes: number, { reached, shorter }: Outcome): Transform {
  let left = bytes
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (left > 0) this.push(chunk.subarray(0, left))
      left = Math.max(0, left - chunk.length)
      if (left === 0) this.push(null)
      done()
    },
  })
  return limit.once('end', () => (left === 0 ? reached() : shorter()))
}
