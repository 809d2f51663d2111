import type { EndpointRole } from '../../../schemas/event.js'
import type { MemoryAccount } from '../../git/http/memory-account.js'
import type { SmartHttp } from '../../git/http/smart-http.js'
import type { Traffic } from '../../git/http/traffic.js'
import type { LfsHttp } from '../../lfs/lfs-http.js'
import type { Emit, ProgressMeter } from './progress.js'

/** The context of one run: its remotes, where it reports, and what ends it. */
export interface RunContext {
  source: SmartHttp
  target: SmartHttp
  /** The LFS server of a side; the signal ends what it does. */
  openLfs: (side: EndpointRole, signal: AbortSignal) => LfsHttp
  traffic: Traffic
  memory: MemoryAccount
  emit: Emit
  /** Someone listens to events, and so to the remotes' own progress text. */
  isWatched: boolean
  meter: ProgressMeter
  signal: AbortSignal
  /** Milliseconds of a remote's silence that end the run. */
  stallTimeout: number
}
