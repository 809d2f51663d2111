import { legible, printable } from '../../runtime/printable.js'
import { lineOf } from '../packets/line.js'
import type { PacketReader } from '../packets/packet-reader.js'
import { ProtocolError } from '../packets/protocol-error.js'

// gitprotocol-pack, "Report Status" and "report-status-v2".

/** `ok`, or `ng` with the target's reason. */
export type ReportedStatus = { ok: true } | { ok: false; reason: string }

export interface PushReport {
  unpack: ReportedStatus
  /** A ref without a line is unknown. */
  refs: Map<string, ReportedStatus>
}

const OK: ReportedStatus = { ok: true }

/**
 * Reads a report on the refs that were sent, up to its flush; what some servers append is ignored. `redact` is applied
 * to the target's reasons.
 */
export async function readPushReport(
  reader: PacketReader,
  sent: ReadonlySet<string>,
  redact = (text: string) => text,
): Promise<PushReport> {
  const refused = (text: string): ReportedStatus => {
    return { ok: false, reason: printable(redact(legible(text))) || 'no reason given' }
  }
  const unpack = lineOf(await reader.nextOrFail('before its report'))
  if (!unpack.startsWith('unpack '))
    throw new ProtocolError(`expected an unpack line, got "${legible(unpack)}"`)
  const verdict = unpack.slice('unpack '.length)
  const report: PushReport = { unpack: verdict === 'ok' ? OK : refused(verdict), refs: new Map() }
  for (;;) {
    const packet = await reader.next()
    if (!packet || packet.type === 'flush') return report
    addLine(report, sent, lineOf(packet), refused)
  }
}

/** `ok <ref>`, `ng <ref> <reason>`, or an `option` line, which describes an accepted ref and changes nothing. */
function addLine(
  { refs }: PushReport,
  sent: ReadonlySet<string>,
  line: string,
  refused: (reason: string) => ReportedStatus,
): void {
  const [word, ref = '', ...reason] = line.split(' ')
  if (word === 'option') return
  if (word !== 'ok' && word !== 'ng') throw new ProtocolError(`expected ok or ng, got "${legible(line)}"`)
  // Like git, ignore refs that were not sent.
  if (!sent.has(ref)) return
  // Of two lines for one ref, the refusal counts.
  if (word === 'ng') refs.set(ref, refused(reason.join(' ')))
  else if (!refs.has(ref)) refs.set(ref, OK)
}
