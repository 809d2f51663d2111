import { createInflate } from 'node:zlib'
import { ProtocolError } from '../packets/protocol-error.js'

const PIECE = 64 * 1024

/** Inflates one large object as its bytes come in, in zlib's own threads: nothing of it holds the event loop. */
export class LargeInflate {
  readonly #inflate = createInflate({ chunkSize: PIECE })
  readonly #size: number
  readonly #over: Promise<void>
  #isOver = false
  #taken = 0
  #made = 0
  /** The inflated bytes, once `write` has given the rest; undefined where that was not asked for. */
  readonly data: Buffer | undefined

  constructor(size: number, isKept: boolean) {
    this.#size = size
    this.data = isKept ? Buffer.allocUnsafeSlow(size) : undefined
    this.#inflate.on('data', (piece: Buffer) => this.#keep(piece))
    this.#over = new Promise((resolve, reject) => {
      this.#inflate.once('end', () => {
        this.#isOver = true
        resolve()
      })
      this.#inflate.once('error', reject)
    })
    // It is looked at while something is written: an error in between is not unhandled.
    this.#over.catch(() => {})
  }

  /** Takes bytes and gives back those beyond the object's end, which is known when there are any. @throws ProtocolError */
  async write(bytes: Buffer): Promise<Buffer | undefined> {
    this.#taken += bytes.length
    const written = new Promise<unknown>((resolve) => this.#inflate.write(bytes, resolve))
    try {
      await Promise.race([this.#over, written.then(() => (this.#inflate.errored ? this.#over : undefined))])
    } catch (error) {
      if (error instanceof ProtocolError) throw error
      throw doesNotInflate()
    }
    if (!this.#isOver) return undefined
    if (this.#made !== this.#size) throw wrongSize()
    const rest = this.#taken - this.#inflate.bytesWritten
    this.close()
    return bytes.subarray(bytes.length - rest)
  }

  /** Bytes that were inflated so far. */
  get made(): number {
    return this.#made
  }

  close(): void {
    this.#inflate.destroy()
  }

  #keep(piece: Buffer): void {
    this.#made += piece.length
    if (this.#made > this.#size) this.#inflate.destroy(wrongSize())
    else if (this.data) piece.copy(this.data, this.#made - piece.length)
  }
}

export function wrongSize(): ProtocolError {
  return new ProtocolError('the pack has an object of another size than it says')
}

export function doesNotInflate(): ProtocolError {
  return new ProtocolError('the pack has an object that does not inflate')
}
