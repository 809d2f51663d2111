import { decodeText } from '../refs/byte-text.js'
import { type Packet, textOf } from './pkt-line.js'
import { ProtocolError, RemoteFatalError } from './protocol-error.js'

/** A line split at its first space: mostly an id and the name that has it. */
export interface TextLine {
  word: string
  /** Empty if there is no space. */
  rest: string
}

/** A data packet's text. `ERR` lines and control packets are errors here. */
export function lineOf(packet: Packet): string {
  const line = textOf(payloadOf(packet))
  if (line.startsWith('ERR ')) throw new RemoteFatalError(line.slice(4))
  return line
}

/** The same, split in two. */
export function splitLineOf(packet: Packet): TextLine {
  const payload = payloadOf(packet)
  return splitLine(payload, 0, payload.length)
}

/**
 * The same, of the bytes from `start` to `end`. Each part is a string of its own, not a view of the line: refs are kept
 * by the million.
 */
export function splitLine(bytes: Buffer, start: number, end: number): TextLine {
  const textEnd = bytes[end - 1] === LF ? end - 1 : end
  const space = bytes.indexOf(SPACE, start)
  if (space < 0 || space >= textEnd) return { word: decodeText(bytes, start, textEnd), rest: '' }
  const word = decodeText(bytes, start, space)
  const rest = decodeText(bytes, space + 1, textEnd)
  if (word === 'ERR') throw new RemoteFatalError(rest)
  return { word, rest }
}

const LF = 0x0a
const SPACE = 0x20

function payloadOf(packet: Packet): Buffer {
  if (packet.type !== 'line') throw new ProtocolError(`unexpected ${packet.type} packet`)
  return packet.payload
}
