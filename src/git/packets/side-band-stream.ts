import { type ByteStream, wrapStream } from '../../runtime/byte-stream.js'
import { yieldToEventLoop } from '../../runtime/yield.js'
import { MAX_TRAILING_BYTES, type PacketReader } from './packet-reader.js'
import { ProtocolError } from './protocol-error.js'
import { SideBandDemultiplexer } from './side-band.js'

/** Receives a remote's own text, as its packets divide it. */
export type TextSink = (text: Buffer) => void

/** Band 1 of a side-band response. Without its flush it is truncated, however orderly HTTP ended it. */
export function readSideBand(reader: PacketReader, onText: TextSink): ByteStream {
  const demultiplexer = new SideBandDemultiplexer()
  let trailing = 0
  return wrapStream(reader.rest(), {
    chunk(chunk) {
      if (demultiplexer.ended) {
        // Reading on to the end of HTTP's body keeps the connection usable.
        trailing += chunk.length
        return trailing > MAX_TRAILING_BYTES ? undefined : NOTHING
      }
      const data = demultiplex(demultiplexer, chunk, onText)
      // Text may come without an end, and as fast as it can be read.
      return demultiplexer.text.length > 0 ? yieldToEventLoop().then(() => data) : data
    },
    end() {
      if (!demultiplexer.ended) throw new ProtocolError('the response is truncated (no flush packet)')
    },
  })
}

const NOTHING = Buffer.alloc(0)

/** The data of a chunk. Its text is passed on in any case: before a fatal error it says more than that does. */
function demultiplex(demultiplexer: SideBandDemultiplexer, chunk: Buffer, onText: TextSink): Buffer {
  try {
    return demultiplexer.push(chunk).data
  } finally {
    const { text } = demultiplexer
    if (text.length > 0) onText(Buffer.concat(text))
  }
}
