import type { EndpointAuth } from '../../../schemas/request.js'
import { GitSyncError } from '../../errors.js'
import { ByteSearch } from './byte-search.js'
import { fold, type SecretForm, secretForms } from './secret-forms.js'

const REDACTED = '[redacted]'
/** Shorter secrets are part of many words by chance, so they are redacted only as words of their own. */
const SHORT = 8
/** The shortest ones also occur by chance between the dots, hyphens and slashes of hosts and paths. */
const VERY_SHORT = 4
/** Bytes of a secret that are looked for in a listing: its end. */
const MAX_NEEDLE = 64
/**
 * Every secret that a run has used on either side, former origins included: text from outside is redacted by it where it
 * comes in. Only whole secrets are found. If parts were redacted too, anyone who can make a remote repeat a text could guess a
 * stored secret letter by letter. Therefore no text may be shortened before it was redacted.
 */
export class Secrets {
  readonly #forms = new Map<string, SecretForm>()
  #shortest = Number.POSITIVE_INFINITY
  #longest = 0

  /** Adds the secrets of one remote; nothing is ever forgotten. */
  learn(auth: EndpointAuth = {}): void {
    for (const form of secretForms(auth)) this.#add(form)
  }

  /** These and some more, for one request that brings secrets of its own. */
  including(texts: readonly string[]): Secrets {
    const all = new Secrets()
    for (const form of this.#forms.values()) all.#add(form)
    for (const token of texts) all.learn({ token })
    return all
  }

  #add(form: SecretForm): void {
    this.#forms.set(form.text, form)
    this.#shortest = Math.min(this.#shortest, form.text.length)
    this.#longest = Math.max(this.#longest, form.text.length)
  }

  /**
   * A remote's text without our secrets. `isCut`: the text goes on beyond what was kept of it, so its end is dropped, which
   * may be the beginning of a secret.
   */
  redact(text: string, isCut = false): string {
    if (text.length < this.#shortest && !isCut) return text
    const found = this.#find(text)
    if (!isCut) return withoutRanges(text, found)
    const end = Math.max(text.length - this.#longest + 1, found.at(-1)?.[1] ?? 0)
    return withoutRanges(text.slice(0, end), found)
  }

  /**
   * Redacts an error and its causes in place. Our own words are among theirs, so secrets that may be part of one are
   * left: `redact` has been applied to what a remote said.
   */
  scrub<E>(error: E): E {
    const seen = new Set<unknown>()
    const scrubOne = (value: unknown) => {
      if (!(value instanceof Error) || seen.has(value)) return
      seen.add(value)
      const redact = (text: string) => withoutRanges(text, this.#find(text, SHORT))
      if (value instanceof GitSyncError) value.redact(redact)
      // undici keeps in `data` what it could not parse.
      for (const key of ['message', 'stack', ...Object.keys(value)]) {
        const text = Reflect.get(value, key)
        if (typeof text !== 'string') continue
        const clean = redact(text)
        // A read-only property is one of the caller's own abort reason.
        if (clean !== text) Reflect.set(value, key, clean)
      }
      scrubOne(value.cause)
      if (value instanceof AggregateError) value.errors.forEach(scrubOne)
    }
    if (this.#forms.size > 0) scrubOne(error)
    return error
  }

  /** Looks for the secrets of today in bytes, however they are split into chunks. */
  search(): ByteSearch {
    const texts = [...this.#forms.keys()].filter((text) => text.length >= SHORT)
    // A form that has another one in it is found by that.
    const shortest = texts.filter((text) => !texts.some((other) => other !== text && text.includes(other)))
    return new ByteSearch(shortest.map((text) => Buffer.from(text).subarray(-MAX_NEEDLE)))
  }

  /** Where secrets are, in order and without overlaps. */
  #find(text: string, minLength = 1): Range[] {
    const folded = fold(text)
    const ranges: Range[] = []
    for (const form of this.#forms.values()) {
      if (form.text.length >= minLength && form.key.length <= text.length)
        ranges.push(...rangesOf(form, text, folded))
    }
    return merged(ranges)
  }
}

type Range = [start: number, end: number]

function rangesOf({ text: secret, key }: SecretForm, text: string, folded: string): Range[] {
  const ranges: Range[] = []
  for (let at = folded.indexOf(key); at >= 0; at = folded.indexOf(key, at + 1)) {
    const end = at + key.length
    const start = Math.max(0, end - secret.length)
    const last = ranges.at(-1)
    if (secret.length < SHORT && !isWord(text, secret, start)) continue
    if (last && start < last[1]) last[1] = end
    else ranges.push([start, end])
  }
  return ranges
}

function isWord(text: string, secret: string, at: number): boolean {
  const end = at + secret.length
  if (text.slice(at, end) !== secret) return false
  const [before, after] =
    secret.length < VERY_SHORT ? [/[\w\p{L}./-]$/u, /^(?:[\w\p{L}/-]|\.\w)/u] : [LETTER_END, LETTER]
  const isOpen = !LETTER.test(secret) || !before.test(text.slice(Math.max(0, at - 2), at))
  return isOpen && (!LETTER_END.test(secret) || !after.test(text.slice(end, end + 2)))
}

const LETTER = /^[\w\p{L}]/u
const LETTER_END = /[\w\p{L}]$/u

function merged(ranges: Range[]): Range[] {
  const result: Range[] = []
  for (const [start, end] of ranges.sort((one, other) => one[0] - other[0])) {
    const last = result.at(-1)
    if (last && start < last[1]) last[1] = Math.max(last[1], end)
    else result.push([start, end])
  }
  return result
}

function withoutRanges(text: string, ranges: readonly Range[]): string {
  if (ranges.length === 0) return text
  let clean = ''
  let from = 0
  for (const [start, end] of ranges) {
    clean += text.slice(from, start) + REDACTED
    from = end
  }
  return clean + text.slice(from)
}
