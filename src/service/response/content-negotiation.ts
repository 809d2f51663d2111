export type ResponseForm = 'document' | 'stream'

const DOCUMENT = 'application/json'
const STREAM = 'application/x-ndjson'

/**
 * The form of response that an `Accept` header selects (RFC 9110, 12.5.1): the document if it names `application/json`
 * or `application/*` and does not rate NDJSON higher, or if it excludes NDJSON; otherwise the stream; `undefined` if
 * neither is acceptable.
 */
export function negotiate(accept: string | undefined): ResponseForm | undefined {
  const ranges = parseAccept(accept?.trim() || '*/*')
  const document = quality(ranges, DOCUMENT)
  const stream = quality(ranges, STREAM)
  const isNamed = ranges.some(({ range, q }) => q > 0 && (range === DOCUMENT || range === 'application/*'))
  if (isNamed && document > 0 && document >= stream) return 'document'
  if (stream > 0) return 'stream'
  return document > 0 ? 'document' : undefined
}

interface Range {
  range: string
  q: number
}

function parseAccept(accept: string): Range[] {
  return accept.split(',').map((part) => {
    const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase())
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
    const q = weight === undefined ? 1 : Number(weight)
    return { range, q: q >= 0 && q <= 1 ? q : 0 }
  })
}

/** The quality of the most specific range that matches a type. */
function quality(ranges: readonly Range[], type: string): number {
  for (const wanted of [type, 'application/*', '*/*']) {
    const found = ranges.find(({ range }) => range === wanted)
    if (found) return found.q
  }
  return 0
}
