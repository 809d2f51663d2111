// How streams of bytes end is decided here alone: at their source's end, by an error, or because the reader has enough.

/**
 * Chunks of bytes, read one at a time, so that a slow reader slows the sender. A reader reads to the end or calls
 * `return`, which releases the source at once, even while a read is waiting; that read then fails.
 */
export interface ByteStream extends AsyncIterableIterator<Buffer, undefined> {
  return(): Promise<IteratorResult<Buffer, undefined>>
}

/** Source of a stream: any async iterator of chunks will do. */
export interface ByteSource {
  next(): Promise<IteratorResult<Buffer, unknown>>
  return?(): Promise<unknown>
}

/** How a stream differs from the source that it is read from. */
export interface StreamHooks {
  /** Runs before each read of the source. */
  read?(): void
  /** The result for a chunk. After an empty result the next chunk is read; undefined ends the stream. */
  chunk?(chunk: Buffer): Buffer | undefined | Promise<Buffer | undefined>
  /** Runs when the source has ended, and may throw if it should not have. */
  end?(): void
  /** The error that readers get for one of the source or of these hooks. */
  error?(error: unknown): unknown
  /** Runs once, however the stream ends. */
  release?(): void
}

/** The chunks of `source` as `hooks` have them. However the stream ends, the source has ended too or is released. */
export function wrapStream(source: ByteSource, hooks: StreamHooks = {}): ByteStream {
  return new WrappedStream(source, hooks)
}

/** `start`, and then the chunks of `source`. */
export function prepend(start: Buffer, source: ByteSource): ByteStream {
  let isFirst = true
  return wrapStream({
    next() {
      if (!isFirst) return source.next()
      isFirst = false
      return Promise.resolve({ value: start })
    },
    return: async () => source.return?.(),
  })
}

const END: IteratorResult<Buffer, undefined> = { done: true, value: undefined }

class WrappedStream implements ByteStream {
  readonly #source: ByteSource
  readonly #hooks: StreamHooks
  #isOver = false

  constructor(source: ByteSource, hooks: StreamHooks) {
    this.#source = source
    this.#hooks = hooks
  }

  async next(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.#isOver) return END
    try {
      for (;;) {
        this.#hooks.read?.()
        const { done, value } = await this.#source.next()
        // To its reader this must not look as if all had come.
        if (this.#isOver) throw new Error('the stream was released while it was read')
        if (done) break
        const passed = this.#hooks.chunk ? this.#hooks.chunk(value) : value
        // Each await costs, and nearly all chunks are here.
        const chunk = passed instanceof Promise ? await passed : passed
        if (chunk === undefined) return await this.return()
        if (chunk.length > 0) return { value: chunk }
      }
      this.#hooks.end?.()
      this.#end()
      return END
    } catch (error) {
      // An error of the release adds nothing to the error that caused it.
      await this.return().catch(() => {})
      throw this.#hooks.error ? this.#hooks.error(error) : error
    }
  }

  async return(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.#isOver) return END
    this.#end()
    await this.#source.return?.()
    return END
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #end(): void {
    this.#isOver = true
    this.#hooks.release?.()
  }
}
