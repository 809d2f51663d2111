import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import { GitSyncError } from '../../errors.js'
import { bareName } from '../../git/connections/host-name.js'
import type { EgressMode } from '../../settings/settings.js'
import { addressRange } from './address-range.js'
import type { AllowedHosts } from './allowed-hosts.js'

const INTERNAL = new Set(['private', 'uniqueLocal', 'carrierGradeNat'])

/**
 * The hosts and addresses that the service may connect to. A refusal names the setting that would allow the host, but
 * never the address that a name resolves to.
 */
export class EgressPolicy {
  readonly #mode: EgressMode
  readonly #allowedHosts: AllowedHosts | undefined
  readonly #setting: string

  /** `setting` is the variable that lists `allowedHosts`, or could. */
  constructor(mode: EgressMode, allowedHosts?: AllowedHosts, setting = 'GITSYNC_ALLOWED_HOSTS') {
    this.#mode = mode
    this.#allowedHosts = allowedHosts
    this.#setting = setting
  }

  /** Checks a host as requested, before it is resolved. @throws GitSyncError `egress_denied` */
  checkHost(hostname: string, port: number): void {
    const host = bareName(hostname)
    const listing = this.#allowedHosts?.find(host, port)
    if (this.#allowedHosts && !listing) {
      throw denied(host, `${this.#setting} does not list it for port ${port}`)
    }
    if (isIP(host) !== 0 && listing !== 'by-name') this.checkAddresses(host, [{ address: host }])
  }

  /** Checks the addresses of a host; a single forbidden one refuses it. @throws GitSyncError `egress_denied` */
  checkAddresses(hostname: string, addresses: readonly Pick<LookupAddress, 'address'>[]): void {
    for (const { address } of addresses) {
      const range = addressRange(address)
      if (this.#permits(range)) continue
      const mode = INTERNAL.has(range) ? 'private' : 'any'
      throw denied(hostname, `its address is ${wordsOf(range)}; GITSYNC_EGRESS_POLICY=${mode} would allow it`)
    }
  }

  /** Checks a host that does not resolve here but may resolve at a proxy. @throws GitSyncError `egress_denied` */
  checkUnresolved(hostname: string): void {
    // If there is a list, `checkHost` has found the host there.
    if (this.#allowedHosts) return
    throw denied(hostname, `it does not resolve here; list it in ${this.#setting} to leave it to the proxy`)
  }

  /** Listed hosts may have internal addresses, but not those of this machine or of cloud metadata services. */
  #permits(range: string): boolean {
    if (range === 'unicast' || this.#mode === 'any') return true
    return INTERNAL.has(range) && (this.#mode === 'private' || this.#allowedHosts !== undefined)
  }
}

function denied(host: string, why: string): GitSyncError {
  return new GitSyncError('egress_denied', `The egress policy forbids ${host}: ${why}.`)
}

/** Turns `carrierGradeNat` into "carrier-grade-nat". */
function wordsOf(range: string): string {
  return range.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)
}
