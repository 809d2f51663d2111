import type { OutgoingHttpHeaders } from 'node:http'
import { Transform } from 'node:stream'

export interface CgiHead {
  status: number
  headers: OutgoingHttpHeaders
}

/** Takes the header block off the front of a CGI program's output, however it is chunked. */
export function takeCgiHead(onHead: (head: CgiHead) => void): Transform {
  let pending: Buffer | undefined = Buffer.alloc(0)
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (!pending) return done(null, chunk)
      pending = Buffer.concat([pending, chunk])
      const end = pending.indexOf('\r\n\r\n')
      if (end < 0) return done()
      onHead(parseHead(pending.toString('latin1', 0, end)))
      const rest = pending.subarray(end + 4)
      pending = undefined
      done(null, rest)
    },
    flush(done) {
      done(pending ? new Error('the program ended before its headers did') : null)
    },
  })
}

function parseHead(block: string): CgiHead {
  const headers: OutgoingHttpHeaders = {}
  let status = 200
  for (const line of block.split('\r\n')) {
    const colon = line.indexOf(':')
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()]
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10)
    else headers[name] = value
  }
  return { status, headers }
}
