import type { Auth, ProbeRequest, SyncRequest } from '../../../schemas/request.js'
import type { FetchRequest } from '../../../schemas/unstable.js'
import { toOption } from './flag.js'
import { probeFlags, type RequestFlag, type RunFlags, requestFlags } from './flags.js'

/** The request that the flags of plan, sync, replicate and bootstrap stand for. */
export function syncRequest(source: string, target: string, flags: RunFlags): SyncRequest {
  const endpoints = { source: { url: source }, target: { url: target } }
  const groups = { scope: {}, policy: {}, options: {}, auth: { source: {}, target: {} } }
  return withFlags({ ...endpoints, ...groups }, flags)
}

export function probeRequest(source: string, target: string | undefined, flags: RunFlags): ProbeRequest {
  const endpoints = { source: { url: source }, ...(target === undefined ? {} : { target: { url: target } }) }
  const request = { ...endpoints, options: {}, auth: { source: {}, target: {} } }
  return withFlags(request, flags, probeFlags)
}

export function fetchRequest(source: string, flags: RunFlags): FetchRequest {
  return withFlags({ source: { url: source }, scope: {}, options: {}, auth: { source: {} } }, flags)
}

/** The source's credentials alone. */
export function sourceAuth(flags: RunFlags): Pick<Auth, 'source'> {
  return withFlags({ auth: { source: {} } }, flags).auth
}

/** Groups whose settings some requests have at the top level. */
const FLATTENED = new Set(['scope', 'policy'])

/** Sets in a request what the flags say, as far as it has a place for that. */
function withFlags<Request extends object>(
  request: Request,
  flags: RunFlags,
  rows: readonly RequestFlag[] = requestFlags,
): Request {
  for (const flag of rows) {
    const value = (flags as Record<string, unknown>)[toOption(flag).attributeName()]
    if (value === undefined) continue
    const [name = '', ...groups] = flag.setting.split('.').reverse()
    const owner = ownerIn(request as Fields, groups.reverse())
    if (owner) owner[name] = value
  }
  return request
}

type Fields = Record<string, unknown>

function ownerIn(request: Fields, groups: readonly string[]): Fields | undefined {
  let owner: Fields | undefined = request
  for (const group of groups) {
    if (!owner) break
    const inside = owner[group] as Fields | undefined
    owner = inside ?? (FLATTENED.has(group) ? owner : undefined)
  }
  return owner
}
