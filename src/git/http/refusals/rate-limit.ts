import { retryAfterSeconds, type SingleHeaders } from './http-status.js'

/** The rate limit in the headers of a refusal. */
export interface RateLimit {
  /** No request is left, or a wait is asked for. */
  isReached: boolean
  /** Seconds until a request may succeed, where the remote says so. */
  retryAfter: number | undefined
}

const PREFIXES = ['x-ratelimit', 'ratelimit', 'x-rate-limit']
/** Larger numbers are a time, as seconds or milliseconds since 1970, and no number of seconds to wait. */
const FIRST_TIME = 1e9
const FIRST_TIME_IN_MS = 1e12
/** A longer wait means that a clock is wrong. */
const MAX_WAIT = 7 * 24 * 3600

/** Reads `Retry-After`, the `X-RateLimit-…` headers of GitHub and others, and the drafts of `RateLimit`. */
export function rateLimitOf(headers: SingleHeaders, now = Date.now()): RateLimit {
  const given = retryAfterSeconds(headers['retry-after'], now)
  if (given !== undefined) return { isReached: true, retryAfter: given }
  const draft = headers.ratelimit ?? ''
  const isReached =
    /(?:^|[;,\s])(?:r|remaining)=0(?:$|[;,\s])/.test(draft) ||
    PREFIXES.some((prefix) => headers[`${prefix}-remaining`]?.trim() === '0')
  const resets = PREFIXES.flatMap((prefix) => [headers[`${prefix}-reset-after`], headers[`${prefix}-reset`]])
  resets.push(/(?:^|[;,\s])(?:t|reset)=(\d+)/.exec(draft)?.[1])
  const waits = resets.map((reset) => waitUntil(reset, now))
  return { isReached, retryAfter: isReached ? waits.find((wait) => wait !== undefined) : undefined }
}

function waitUntil(reset: string | undefined, now: number): number | undefined {
  if (reset === undefined || !/^\s*\d{1,15}(?:\.\d{1,9})?\s*$/.test(reset)) return undefined
  const value = Number(reset)
  const time = value >= FIRST_TIME_IN_MS ? value : value * 1000
  const seconds = value < FIRST_TIME ? value : (time - now) / 1000
  return seconds > MAX_WAIT ? undefined : Math.max(0, Math.ceil(seconds))
}
