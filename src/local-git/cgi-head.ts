import type { OutgoingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'

export interface CgiHead {
  status: number
  headers: OutgoingHttpHeaders
}

/** Reads the header block of a CGI program's output, however it is chunked, and leaves the body in the stream. */
export function readCgiHead(output: Readable): Promise<CgiHead> {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0)
    const read = () => {
      for (let chunk: Buffer | null = output.read(); chunk; chunk = output.read()) {
        head = Buffer.concat([head, chunk])
        const end = head.indexOf(HEAD_END)
        if (end < 0) continue
        output.off('readable', read).off('error', reject)
        if (head.length > end + HEAD_END.length) output.unshift(head.subarray(end + HEAD_END.length))
        return resolve(parseHead(head.toString('latin1', 0, end)))
      }
    }
    output.on('readable', read).once('error', reject)
    output.once('end', () => reject(new Error('the program ended before its headers did')))
  })
}

const HEAD_END = '\r\n\r\n'

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
