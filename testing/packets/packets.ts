// Takes requests apart with as little code as possible, and none of the product's: what was sent, not what was meant.

const HEADER = 4

interface Section {
  lines: string[]
  rest: Buffer
}

/** Every data packet of a request without a pack, whatever separates them, without line ends. */
export function linesOf(body: Buffer): string[] {
  const lines: string[] = []
  for (let at = 0; at < body.length; ) {
    const size = Number.parseInt(body.toString('latin1', at, at + HEADER), 16)
    if (size >= HEADER) lines.push(body.toString('utf8', at + HEADER, at + size).replace(/\n$/, ''))
    at += Math.max(size, HEADER)
  }
  return lines
}

export interface PushBody {
  commands: { ref: string; oldId: string; newId: string }[]
  capabilities: string[]
  pushOptions: string[]
  /** Empty where there is none. */
  pack: Buffer
}

/** A push as receive-pack reads it. */
export function readPush(body: Buffer): PushBody {
  const { lines, rest } = section(body)
  const capabilities = (lines[0]?.split('\0')[1] ?? '').trim().split(' ')
  const commands = lines.map((line) => {
    const [oldId = '', newId = '', ...ref] = (line.split('\0')[0] ?? '').split(' ')
    return { ref: ref.join(' '), oldId, newId }
  })
  const options = capabilities.includes('push-options') ? section(rest) : { lines: [], rest }
  return { commands, capabilities, pushOptions: options.lines, pack: options.rest }
}

/** The number of objects that a pack's header announces. */
export function objectsIn(pack: Buffer): number {
  if (pack.toString('latin1', 0, 4) !== 'PACK') throw new Error('no pack')
  return pack.readUInt32BE(8)
}

function section(body: Buffer): Section {
  const end = flushAt(body)
  return { lines: linesOf(body.subarray(0, end)), rest: body.subarray(end + HEADER) }
}

function flushAt(body: Buffer): number {
  for (let at = 0; at < body.length; ) {
    const size = Number.parseInt(body.toString('latin1', at, at + HEADER), 16)
    if (size === 0) return at
    at += size
  }
  throw new Error('no flush packet')
}
