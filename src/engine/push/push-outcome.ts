import { GitSyncError } from '../../errors.js'
import { HttpStatusError } from '../../git/http/refusals/http-status.js'
import { causeOfRefusal, namedSizes, type Refusal } from '../../git/http/refusals/refusal-words.js'
import { RemoteFatalError } from '../../git/packets/protocol-error.js'
import type { PushReport } from '../../git/wire/push-report.js'
import { printable } from '../../runtime/printable.js'
import { byteSize } from '../../runtime/units.js'
import type { RefOutcomes } from './ref-outcomes.js'

/** How a push ended. It is made once, where the push ends; the code that pushed decides what follows. */
export type PushOutcome = Reported | Unclear | Unmoved

/** One that has moved nothing. */
export type Unmoved = TooLarge | LengthRequired | Failed

/** The target reported on each ref. */
export interface Reported {
  type: 'reported'
  report: PushReport
  /** Why it refused, as far as its words tell. */
  refusal: Refusal | undefined
  /** Bytes of its pack that went out. */
  bytes: number
  /** Deltas of the pack may lack their bases. */
  isThin: boolean
}

/** It broke after its commit point: only the target's refs can say what became of it. */
export interface Unclear {
  type: 'unclear'
  error: GitSyncError
  bytes: number
  /** The target refused it as a whole, which is believed where its refs cannot be seen. */
  isRefused: boolean
  /** The outcome if the refs show that none has moved. */
  unmoved: Unmoved
  /** The target's refs, where they were listed already. */
  listed?: RefOutcomes
}

/**
 * Where the `bytes` of a push that was too large come from: the target named its limit; or it refused, or broke off, once
 * that much had gone out, part of which may not have arrived; or this side ended the push at a limit that was known, or did not begin it
 * as the number of objects in the pack's header was too high.
 */
export type LimitEvidence = 'named' | 'sent' | 'own-limit' | 'header'

/** The pack was too large for the target, or took too long: less at a time may do. */
export interface TooLarge {
  type: 'too-large'
  why: string
  /** The most that the target accepts, as far as this push can tell. */
  bytes: number
  evidence: LimitEvidence
  /** A connection that broke, or the like: it may have had other reasons. */
  isGuess: boolean
  /** The error if nothing can be done about it. */
  error: GitSyncError
}

/** The target may accept the same pack with a Content-Length. */
export interface LengthRequired {
  type: 'length-required'
  status: number
  error: GitSyncError
}

export interface Failed {
  type: 'failed'
  error: GitSyncError
}

/** The bytes that were sent, and how far the push came. */
export interface Sent {
  bytes: number
  committed: boolean
  /** The limit at which it broke off by itself. */
  passedLimit: number | undefined
  /** Objects were sent, so that fewer might do. */
  hasObjects: boolean
  isChunked: boolean
  isThin: boolean
  /** Text of the target outside its report. */
  words: readonly string[]
}

/** Less is learned from a push that ended early where fewer bytes than these had gone out. */
const MIN_CUT_BYTES = 1024 * 1024
/** The request took too long, or was too large: RFC 9110, and Cloudflare's 522 and 524; 598 and 599 are proxies' timeouts. */
const LIMIT_STATUSES = new Set([408, 413, 504, 522, 524, 598, 599])
/** A gateway lost its server, perhaps as the push was too long for one of them: as good as a connection that broke. */
const CUT_STATUSES = new Set([460, 499, 502, 503, 520, 521, 523, 525, 526, 527])
/** RFC 9112, 6.1; 400 is what Go's CGI says. */
const LENGTH_STATUSES = new Set([400, 411, 501])
/** A size below this names no limit of a push. */
const MIN_LIMIT = 1024

/** How a push ended that has a report. */
export function reportedPush(report: PushReport, sent: Sent): PushOutcome {
  const refusal = whyRefused(report, sent)
  const { bytes, isThin } = sent
  if (refusal?.cause === 'pack-size' && sent.hasObjects) return tooLargeBy(refusal, bytes)
  return { type: 'reported', report, refusal, bytes, isThin }
}

/** How a push ended that has none. */
export function failedPush(error: GitSyncError, sent: Sent): PushOutcome {
  const { passedLimit } = sent
  if (passedLimit !== undefined) {
    return tooLargePack(`a pack passed the limit of ${byteSize(passedLimit)}`, passedLimit)
  }
  const unmoved = whatItMeans(error, sent)
  if (!sent.committed) return unmoved
  return { type: 'unclear', error, bytes: sent.bytes, isRefused: isRefusal(error), unmoved }
}

/** A pack over the limit that the target is known to have. */
export function tooLargePack(
  why: string,
  limit: number,
  evidence: 'own-limit' | 'header' = 'own-limit',
): TooLarge {
  return { type: 'too-large', why, bytes: limit, evidence, isGuess: false, error: overTargetLimit(limit) }
}

export function overTargetLimit(limit: number): GitSyncError {
  const message = `A pack is over the target's limit of ${byteSize(limit)}.`
  return new GitSyncError('pack_limit_exceeded', message)
}

/** Where nothing was refused, or something went through, nobody needs to ask why. */
function whyRefused({ unpack, refs }: PushReport, { words, bytes }: Sent): Refusal | undefined {
  const statuses = [...refs.values()]
  const isRefused = !unpack.ok || (statuses.length > 0 && statuses.every(({ ok }) => !ok))
  if (!isRefused) return undefined
  const reasons = [unpack, ...statuses].flatMap((status) => (status.ok ? [] : [status.reason]))
  const lines = [...new Set(reasons), ...words].filter((line) => line !== '')
  const stated = causeOfRefusal(lines.join('\n'))
  if (stated || unpack.ok) return stated
  // In any language: the pack could not be unpacked, and a size is named that it had passed.
  const line = lines.find((text) => namedLimit(text, bytes) !== undefined)
  return line === undefined ? undefined : { cause: 'pack-size', line }
}

function tooLargeBy({ line }: Refusal, bytes: number): TooLarge {
  const said = printable(line)
  const error = new GitSyncError(
    'pack_limit_exceeded',
    `The target does not accept a pack of that size: ${said}.`,
  )
  const why = `the target says that the pack exceeds its maximum size (${said})`
  const named = namedLimit(line, bytes)
  const evidence = named === undefined ? 'sent' : 'named'
  return { type: 'too-large', why, bytes: named ?? bytes, evidence, isGuess: false, error }
}

/** A size that is about as large as the pack is that of the pack; a small one may say by how much it was too large. */
function namedLimit(words: string, bytes: number): number | undefined {
  const sizes = namedSizes(words).filter((size) => size >= MIN_LIMIT && size < bytes * 0.9)
  return sizes.length > 0 ? Math.max(...sizes) : undefined
}

function whatItMeans(error: GitSyncError, { bytes, hasObjects, isChunked, words }: Sent): Unmoved {
  const status = error.cause instanceof HttpStatusError ? error.cause.status : undefined
  const isSaid = status !== undefined || error.cause instanceof RemoteFatalError
  const refusal = causeOfRefusal([...(isSaid ? [error.message] : []), ...words].join('\n'))
  if (refusal?.cause === 'pack-size' && hasObjects) return tooLargeBy(refusal, bytes)
  if (status !== undefined && isChunked && LENGTH_STATUSES.has(status)) {
    return { type: 'length-required', status, error }
  }
  if (!hasObjects) return { type: 'failed', error }
  const after = `after ${byteSize(bytes)}`
  if (status !== undefined && LIMIT_STATUSES.has(status)) {
    const why = `the target responded with ${status} ${after}`
    return { type: 'too-large', why, bytes, evidence: 'sent', isGuess: false, error: asLimit(error) }
  }
  if (!isCut(error, status) || bytes <= MIN_CUT_BYTES) return { type: 'failed', error }
  const how = status === undefined ? 'closed the connection' : `responded with ${status}`
  const why = `the target ${how} ${after}`
  return { type: 'too-large', why, bytes, evidence: 'sent', isGuess: true, error }
}

/** A server that says when to come back is busy, and lost no connection. */
function isCut(error: GitSyncError, status: number | undefined): boolean {
  if (status === undefined) return error.code === 'target_unreachable'
  return CUT_STATUSES.has(status) && error.retryAfter === undefined
}

const REFUSALS = new Set([
  'target_unauthorized',
  'target_not_found',
  'redirect_refused',
  'unsupported',
  'pack_limit_exceeded',
])

/** Whether a whole push was refused. A gateway may say so of one that was carried out; 408 says no more than "too late". */
function isRefusal(error: GitSyncError): boolean {
  if (error.cause instanceof HttpStatusError && error.cause.status === 408) return false
  return REFUSALS.has(error.code)
}

function asLimit(error: GitSyncError): GitSyncError {
  if (error.code === 'pack_limit_exceeded') return error
  // Out of time may be an outage, out of room is not.
  return new GitSyncError('pack_limit_exceeded', error.wording, { cause: error, retryable: error.retryable })
}
