import type { EndpointRole } from '../../schemas/event.js'
import { GitSyncError } from '../errors.js'
import type { Link } from './batch-api.js'

/** A request that a server tells us to make. */
export interface Action {
  url: URL
  headers: Record<string, string>
  /** The header asks for a body in chunks. */
  isChunked: boolean
  /** Milliseconds since 1970. */
  expires: number
  /** No credentials of ours are wanted. */
  authenticated: boolean
}

/** An action that expires so soon would expire on its way. */
const MARGIN = 5_000
/** The connection's, and what follows from the body. */
const NOT_ITS_OWN = new Set([
  'host',
  'connection',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'transfer-encoding',
  'content-length',
  'proxy-authorization',
  'proxy-connection',
])
const HEADER_NAME = /^[!#$%&'*+.^`|~\w-]+$/
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

export interface ActionContext {
  side: EndpointRole
  /** The LFS server that gives it. */
  server: URL
  authenticated: boolean
  /** When it was given. */
  now: number
}

/** @throws GitSyncError */
export function toAction(
  { href, header, expires_in: expiresIn, expires_at: expiresAt }: Link,
  { side, server, authenticated, now }: ActionContext,
): Action {
  const wrong = (what: string, code: 'protocol_error' | 'redirect_refused' = 'protocol_error') =>
    new GitSyncError(
      code === 'redirect_refused' ? code : `${side}_${code}`,
      `The LFS server of the ${side} ${what}.`,
    )
  if (!URL.canParse(href)) throw wrong('names an address that is no URL')
  const url = new URL(href)
  if (!/^https?:$/.test(url.protocol)) throw wrong('names an address that is not http or https')
  if (server.protocol === 'https:' && url.protocol === 'http:')
    throw wrong('is reached by https and names an address of http', 'redirect_refused')
  const headers = Object.fromEntries(
    Object.entries(header ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  )
  if (!Object.entries(headers).every(([name, value]) => HEADER_NAME.test(name) && HEADER_VALUE.test(value)))
    throw wrong('asks for a header that cannot be sent')
  const isChunked = /\bchunked\b/i.test(headers['transfer-encoding'] ?? '')
  const own = Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_ITS_OWN.has(name)))
  if (url.username !== '' || url.password !== '') own.authorization ??= basic(url)
  url.username = ''
  url.password = ''
  url.hash = ''
  const expires = expiry(expiresIn, expiresAt, now)
  return { url, headers: own, isChunked, expires, authenticated }
}

export function isExpired({ expires }: Action, now: number): boolean {
  return expires - MARGIN < now
}

/** Whether our own credentials for a server may go out with an action: to its own origin alone, and where it brings none. */
export function takesCredentials({ url, headers, authenticated }: Action, server: URL): boolean {
  return url.origin === server.origin && !authenticated && headers.authorization === undefined
}

/** Parts of an action that must not be shown: they allow anybody to do the same. */
export function secretsOf({ url, headers }: Action): string[] {
  const values = [...Object.values(headers), ...url.searchParams.values(), ...url.pathname.split('/')]
  return values.flatMap((value) => [value, ...value.split(' ')]).filter((text) => text.length >= MIN_SECRET)
}

const MIN_SECRET = 16

/** `expires_in` wins. Go servers write a time that is not set as one of the year 1. */
function expiry(seconds: number | null | undefined, time: string | null | undefined, now: number): number {
  if (seconds) return now + seconds * 1000
  const at = time ? Date.parse(time) : Number.NaN
  return Number.isNaN(at) || at < 0 ? Number.POSITIVE_INFINITY : at
}

function basic({ username, password }: URL): string {
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return `Basic ${Buffer.from(user).toString('base64')}`
}
