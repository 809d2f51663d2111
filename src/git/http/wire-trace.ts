import type { EndpointRole } from '../../../schemas/event.js'
import { type ByteStream, wrapStream } from '../../runtime/byte-stream.js'
import { printable } from '../../runtime/printable.js'
import { PacketTracer } from '../packets/packet-tracer.js'
import type { Secrets } from '../secrets/secrets.js'

/** One packet of a packet trace. */
export interface TracedPacket {
  side: EndpointRole
  /** Which of the side's two services: upload-pack is `fetch`, receive-pack is `push`. */
  service: 'fetch' | 'push'
  direction: 'sent' | 'received'
  /** The packet, printable and without the run's secrets; `0000` for a flush, `PACK ...` for a pack. */
  text: string
}

export type OnPacket = (packet: TracedPacket) => void

type TracedService = TracedPacket['service']
type Body = Buffer | AsyncIterable<Buffer>

/** Characters of a packet that are shown. */
const MAX_TEXT = 1000

/** Reports the packets of one remote as its bodies pass. */
export class WireTrace {
  readonly #onPacket: OnPacket
  readonly #side: EndpointRole
  readonly #secrets: Secrets

  constructor(onPacket: OnPacket, side: EndpointRole, secrets: Secrets) {
    this.#onPacket = onPacket
    this.#side = side
    this.#secrets = secrets
  }

  sent<T extends Body>(service: TracedService, body: T): T | AsyncIterable<Buffer> {
    const tracer = this.#tracer(service, 'sent')
    if (!Buffer.isBuffer(body)) return observedBy(tracer, body)
    tracer.observe(body)
    return body
  }

  received(service: TracedService, body: ByteStream): ByteStream {
    const tracer = this.#tracer(service, 'received')
    const chunk = (bytes: Buffer) => {
      tracer.observe(bytes)
      return bytes
    }
    return wrapStream(body, { chunk, release: () => tracer.end() })
  }

  #tracer(service: TracedService, direction: TracedPacket['direction']): PacketTracer {
    return new PacketTracer((text, isCut) => {
      const clean = this.#secrets.redact(text, isCut).replaceAll('\0', '\\0')
      this.#onPacket({
        side: this.#side,
        service,
        direction,
        text: printable(isCut ? `${clean}…` : clean, MAX_TEXT),
      })
    })
  }
}

async function* observedBy(tracer: PacketTracer, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    tracer.observe(chunk)
    yield chunk
  }
}
