import { type SmartHttp, UPLOAD_PACK } from './http/smart-http.js'
import { PacketReader } from './packets/packet-reader.js'
import type { ObjectFormat } from './refs/object-id.js'
import { MAX_ADVERTISEMENT } from './wire/advertisement.js'
import type { Capabilities } from './wire/capabilities.js'
import { writeFetchV1, writeFetchV2 } from './wire/fetch-request.js'
import { type ShallowInfo, ShallowLines, type ShallowOptions } from './wire/fetch-response.js'
import { assumedCapabilities, type Deepening, deepenRequest, readDeepened } from './wire/history-question.js'

export interface DeepenCall extends ShallowOptions {
  format: ObjectFormat
  /** The name in the statistics. */
  statsLabel: string
  protocol: 'v1' | 'v2'
  /** As listed over that protocol; absent where they were listed over another, or by receive-pack. */
  capabilities?: Capabilities | undefined
}

/** The header that asks for protocol v2. */
export const VERSION_2 = 'version=2'

/** Asks a remote's upload-pack about its history: see wire/history-question.ts. @throws GitSyncError */
export async function deepen(
  http: SmartHttp,
  question: Deepening,
  { statsLabel, protocol, capabilities, ...options }: DeepenCall,
): Promise<ShallowInfo> {
  const isV2 = protocol === 'v2'
  const offered = capabilities ?? assumedCapabilities(options.format)
  const body = (isV2 ? writeFetchV2 : writeFetchV1)(offered, deepenRequest(question, isV2))
  const gitProtocol = isV2 ? { gitProtocol: VERSION_2 } : {}
  const response = await http.post({ service: UPLOAD_PACK, statsLabel, body, isKept: true, ...gitProtocol })
  // Some servers name every commit that they pass: a line for each, as for refs in a listing.
  const reader = new PacketReader(response, MAX_ADVERTISEMENT)
  try {
    return await readDeepened(reader, isV2, new ShallowLines(options))
  } catch (error) {
    throw http.toRemoteError(error)
  } finally {
    await reader.close()
  }
}
