import type { ByteStream } from '../../../runtime/byte-stream.js'
import type { SingleHeaders } from './http-status.js'

/** The text in the body of a refusal. */
export interface Words {
  text: string
  /** The text goes on beyond what was read of the body. */
  isCut: boolean
  /** It is a page with a form to sign in. */
  isSignIn: boolean
}

const NOTHING: Words = { text: '', isCut: false, isSignIn: false }
/** Bytes of a body that are read, decoded. */
const MAX_READ = 32 * 1024

/**
 * The beginning of a body that is otherwise thrown away, as far as it comes within `milliseconds`. A body that does not come
 * does not make it fail. `isCut`: this is not all of it.
 *
 * @throws the error of a read that the signal has ended
 */
export async function readBeginning(
  body: ByteStream,
  milliseconds: number,
  signal: AbortSignal,
): Promise<{ bytes: Buffer; isCut: boolean }> {
  const timer = setTimeout(() => body.return(), milliseconds)
  const chunks: Buffer[] = []
  let isCut = true
  try {
    for (let size = 0; size <= MAX_READ; ) {
      const { value } = await body.next()
      if (!value) {
        isCut = false
        break
      }
      chunks.push(value)
      size += value.length
    }
  } catch (error) {
    if (signal.aborted) throw error
  } finally {
    clearTimeout(timer)
    await body.return()
  }
  return { bytes: Buffer.concat(chunks).subarray(0, MAX_READ), isCut }
}

/** Reads the words of a body: of JSON its messages, of HTML and XML the text, of plain text all. `isCut`: there is more. */
export function wordsOf(headers: SingleHeaders, body: Buffer, isCut = false): Words {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';')
  if (!/^\s*$|^text\/|json|html|xml|^application\/x-git-/.test(type)) return NOTHING
  const text = inCharset(body, /charset="?([\w-]+)/.exec(parameters.join(';'))?.[1])
  if (text.includes('\0')) return NOTHING
  const start = text.trimStart()
  if (/^[{[]/.test(start) && !isCut) {
    const messages = jsonMessages(start)
    if (messages !== undefined) return { ...NOTHING, text: messages }
  }
  if (start.startsWith('<') || /html|xml/.test(type)) return markupWords(text, isCut)
  return { text: text.replace(/^[\da-f]{4}ERR /, ''), isCut, isSignIn: false }
}

function inCharset(bytes: Buffer, charset = 'utf-8'): string {
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    return bytes.toString()
  }
}

/** Properties that hold messages, the ones that say most first. */
const MESSAGE_KEYS = [
  'message',
  'msg',
  'error',
  'title',
  'error_description',
  'detail',
  'details',
  'errors',
  'reason',
  'description',
]
const MAX_DEPTH = 5
const MAX_MESSAGES = 5

function jsonMessages(text: string): string | undefined {
  try {
    const messages = messagesIn(JSON.parse(text), MAX_DEPTH)
    return messages.length === 0 ? undefined : [...new Set(messages)].slice(0, MAX_MESSAGES).join('; ')
  } catch {
    return undefined
  }
}

function messagesIn(value: unknown, depth: number): string[] {
  if (typeof value === 'string') return value.trim() === '' ? [] : [value.trim()]
  if (typeof value !== 'object' || value === null || depth === 0) return []
  if (Array.isArray(value)) return value.slice(0, MAX_MESSAGES).flatMap((item) => messagesIn(item, depth - 1))
  const properties = Object.entries(value).map(([key, item]) => [key.toLowerCase(), item] as const)
  const known = MESSAGE_KEYS.flatMap((key) => properties.filter(([name]) => name === key))
  // GitLab: { "message": { "base": ["…"] } }
  const chosen = known.length > 0 || depth === MAX_DEPTH ? known : properties
  return chosen.slice(0, MAX_MESSAGES).flatMap(([, item]) => messagesIn(item, depth - 1))
}

function markupWords(markup: string, isCut: boolean): Words {
  const { texts, tags } = takeApart(markup, isCut)
  // Without any tag it is not what its type says, so nobody knows what it is.
  if (tags.length === 0) return NOTHING
  const words = texts.map((text) => withoutEntities(text).replace(/\s+/g, ' ').trim())
  const text = [...new Set(words)].filter((word) => word !== '').join(' ')
  const isSignIn =
    tags.some((tag) => /^<input\b[^>]*\btype\s*=\s*["']?password/i.test(tag)) ||
    /<title[^>]{0,99}>[^<]{0,99}\b(?:sign|log)[ -]?(?:in|on)\b/i.test(markup)
  return { text, isCut: false, isSignIn }
}

/** The texts between tags, without scripts and the like. The last one may be truncated, and is then left out. */
function takeApart(markup: string, isCut: boolean): { texts: string[]; tags: string[] } {
  // Of ASCII alone, as other letters may change their length.
  const lower = markup.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  const texts: string[] = []
  const tags: string[] = []
  for (let at = 0; at < markup.length; ) {
    const start = markup.indexOf('<', at)
    if (start >= 0 || !isCut) texts.push(markup.slice(at, start < 0 ? markup.length : start))
    const end = start < 0 ? -1 : endOfMarkup(lower, start)
    if (end < 0) break
    tags.push(markup.slice(start, end))
    at = end
  }
  return { texts, tags }
}

/** Elements whose content readers do not see. */
const UNREAD = /^<(?:script|style|svg|template)(?=[\s/>])/

/** Behind a tag, a comment, or an element that is not for readers; -1 where it does not end. */
function endOfMarkup(lower: string, start: number): number {
  const behind = (text: string) => {
    const at = lower.indexOf(text, start)
    return at < 0 ? -1 : at + text.length
  }
  if (lower.startsWith('<!--', start)) return behind('-->')
  const unread = UNREAD.exec(lower.slice(start, start + 10))?.[0]
  return unread === undefined ? behind('>') : behind(`</${unread.slice(1)}>`)
}

const ENTITIES: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  middot: '·',
}

function withoutEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,6}));/gi, (entity, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? entity
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : entity
  })
}
