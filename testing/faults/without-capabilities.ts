import { at, type StageOptions } from '../cases/stage.js'
import { pkt } from '../packets/wire.js'
import { mapPackets, type RawPacket } from './response-faults.js'

/** A source that does not offer these capabilities. */
export function sourceWithout(protocol: 'v1' | 'v2', ...names: string[]): StageOptions {
  const strike = (line: string) =>
    names.reduce((left, name) => left.replace(new RegExp(` ?\\b${name}\\b`), ''), line)
  const change = ({ raw, payload }: RawPacket) => {
    const line = payload?.toString() ?? ''
    return line.includes('\0') || line.startsWith('fetch=') ? pkt(strike(line)) : raw
  }
  return at('source', {
    protocol,
    handle: ({ kind }) =>
      kind === 'info-refs' ? { type: 'rewrite', transform: mapPackets(change) } : undefined,
  })
}
