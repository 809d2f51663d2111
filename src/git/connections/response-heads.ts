import { errors } from 'undici'

/** As much as curl accepts of the heads before one body. */
export const MAX_HEAD_BYTES = 300 * 1024

const START = 'HTTP/1.'

/**
 * Edits what undici would refuse and curl accepts in the heads of responses: interim responses that nobody asked for
 * (RFC 9110, 15.2), lines that are folded or end in LF alone, and a `Content-Length` that is repeated or accompanies
 * chunks (RFC 9112, 6.3). Between `expect` and the end of a head bytes are held, all others pass untouched.
 */
export class ResponseHeads {
  /** The request that a response is expected to has begun to go out. */
  isAsked = false
  #hasResponded = false
  #held: Buffer = Buffer.alloc(0)
  #isExpecting = true
  #bytes = 0

  /** The next bytes are those of a head. */
  expect(): void {
    this.#isExpecting = true
    this.isAsked = false
    this.#bytes = 0
  }

  /** An earlier request has its response; of the response to the present one not one byte has come. */
  get isStale(): boolean {
    return this.#hasResponded && this.isAsked && this.#bytes === 0
  }

  /** The bytes that may pass now that this has come; undefined while there is nothing. @throws Error for a 101 */
  take(chunk: Buffer): Buffer | undefined {
    if (!this.#isExpecting) return chunk
    this.#bytes += chunk.length
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    let from = Math.max(0, this.#held.length - chunk.length - 3)
    while (this.#startsAsHead()) {
      const end = headEnd(this.#held, from)
      if (end === undefined) return this.#bytes > MAX_HEAD_BYTES ? this.flush() : undefined
      const head = this.#held.toString('latin1', 0, end)
      const rest = this.#held.subarray(end)
      if (!isInterim(head)) {
        this.#hasResponded = true
        this.#held = Buffer.concat([Buffer.from(edited(head), 'latin1'), rest])
        break
      }
      this.#held = rest
      from = 0
    }
    return this.flush()
  }

  /** The held bytes, unchanged. */
  flush(): Buffer {
    const held = this.#held
    this.#held = Buffer.alloc(0)
    this.#isExpecting = false
    return held
  }

  /** So far, at least: what is not HTTP is left to undici to refuse. */
  #startsAsHead(): boolean {
    const start = this.#held.toString('latin1', 0, START.length)
    return START.startsWith(start)
  }
}

/** Where a head ends that is whole; bytes before `from` were looked at. What follows it is not: there may be many heads. */
function headEnd(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    const next = bytes[at + 1] === CR ? at + 2 : at + 1
    if (bytes[next] === LF) return next + 1
  }
  return undefined
}

const CR = 0x0d
const LF = 0x0a

function isInterim(head: string): boolean {
  const [, status] = /^HTTP\/1\.\d (1\d\d)\b/.exec(head) ?? []
  // Nothing that follows it would be HTTP. undici itself stumbles over one without `Upgrade`.
  if (status === '101') throw new errors.SocketError('bad upgrade')
  return status !== undefined
}

const LENGTH_LINE = /^content-length:(.*)\r\n/gim

function edited(head: string): string {
  const unfolded = head.replace(/\r?\n/g, '\r\n').replace(/\r\n[ \t]+(?=[^ \t\r])/g, ' ')
  const values = Array.from(unfolded.matchAll(LENGTH_LINE), ([, value = '']) => value.split(','))
  const lengths = new Set(values.flat().map((value) => value.trim()))
  if (lengths.size === 0) return unfolded
  if (/^transfer-encoding:.*\bchunked[ \t]*\r$/im.test(unfolded)) {
    // A sender of both may mean another end than we do: nothing more is read from this connection.
    return unfolded.replace(LENGTH_LINE, '').replace(/\r\n\r\n$/, '\r\nConnection: close\r\n\r\n')
  }
  if (lengths.size > 1) return unfolded
  let count = 0
  return unfolded.replace(LENGTH_LINE, () => (count++ === 0 ? `Content-Length: ${[...lengths][0]}\r\n` : ''))
}
