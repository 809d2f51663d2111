import { Transform, type TransformCallback } from 'node:stream'
import { createInflate, createInflateRaw, type Inflate, type InflateRaw } from 'node:zlib'

/** Decodes `deflate`, which should be zlib's format (RFC 9110, 8.4.1.2) and from some servers is the bare one. */
export class InflateEither extends Transform {
  #inner: Inflate | InflateRaw | undefined

  override _transform(chunk: Buffer, encoding: BufferEncoding, done: TransformCallback): void {
    this.#inner ??= this.#open(chunk)
    this.#inner.write(chunk, encoding, done)
  }

  override _flush(done: TransformCallback): void {
    if (this.#inner) this.#inner.once('end', () => done()).end()
    else done()
  }

  override _read(size: number): void {
    this.#inner?.resume()
    super._read(size)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#inner?.destroy()
    done(error)
  }

  #open(first: Buffer): Inflate | InflateRaw {
    const isZlib = ((first[0] ?? 0) & 0x0f) === 8
    const inner = isZlib ? createInflate() : createInflateRaw()
    inner.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) inner.pause()
    })
    return inner.on('error', (error) => this.destroy(error))
  }
}
