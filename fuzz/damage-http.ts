import type { Random } from '../testing/random.js'

/** A response as it goes out. */
export interface Outgoing {
  status: number
  headers: Record<string, string | string[]>
  body: Buffer
  /** What comes after the body: a proper end, a closed connection, or nothing. */
  end: 'end' | 'close' | 'silence'
  /** How many bytes go out at a time. */
  piece?: number
  /** Sent in the place of everything else, as the bytes of the connection. */
  raw?: Buffer
}

export type HttpDamage = (response: Outgoing, random: Random) => Outgoing

const statuses = [
  201, 202, 204, 206, 300, 304, 400, 401, 402, 403, 404, 407, 408, 410, 411, 413, 414, 418, 429, 431,
]
const failures = [500, 501, 502, 503, 504, 507, 599, 999]
const types = [
  '',
  'text/html',
  'text/plain',
  'application/json',
  'application/x-git-upload-pack-result; charset=utf-8',
  'application/x-git-upload-pack-advertisement',
  'application/x-git-receive-pack-result',
  'APPLICATION/X-GIT-UPLOAD-PACK-RESULT',
  'x'.repeat(8000),
  ';',
]
const encodings = ['gzip', 'deflate', 'br', 'identity', 'zstd', 'gzip, gzip', 'x'.repeat(2000)]
const retryAfters = ['0', '-1', '5', 'Wed, 21 Oct 2026 07:28:00 GMT', '1e400', '9'.repeat(400), 'soon', '']
const locations = [
  '',
  '/',
  'x',
  '//',
  'http://[',
  'http://127.0.0.1:1/r.git/info/refs?service=git-upload-pack',
  'https://127.0.0.1/r.git/info/refs',
  'http://user:password@127.0.0.1/info/refs',
  'file:///etc/passwd',
  'javascript:alert(1)',
  '?service=git-upload-pack',
  'info/refs?service=git-upload-pack',
  `/${'long/'.repeat(2000)}info/refs`,
  '/%00/info/refs?service=git-upload-pack',
  '\u00ff\u00fe/info/refs',
]
const raws = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nabcdefg',
  'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc',
  'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nabc',
  'HTTP/1.1 200 OK\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;ext\r\nabc\r\n0\r\nTrailer: x\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: git\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 99 Low\r\n\r\n',
  'HTTP/1.1 1000 High\r\n\r\n',
  'HTTP/1.1 two OK\r\n\r\n',
  'HTTP/0.9 200 OK\r\n\r\n',
  'HTTP/2.0 200 OK\r\n\r\n',
  'SSH-2.0-OpenSSH_9.2\r\n',
  '\u0016\u0003\u0001',
  'HTTP/1.1 200 OK\r\nNo colon here\r\n\r\n',
  'HTTP/1.1 200 OK\r\n: no name\r\n\r\n',
  'HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n',
  'HTTP/1.1 200 OK\r\nX: \u0000\r\n\r\n',
  'HTTP/1.1 200 OK\r\n\r\n',
  '\r\n\r\n\r\n',
  '',
]

/** Every way to damage the head of a response, or the connection that it comes over. */
export const httpDamages: Record<string, HttpDamage> = {
  'another status': (response, random) => ({
    ...response,
    status: random.pick([...statuses, ...failures]),
    headers: { ...response.headers, 'retry-after': random.pick(retryAfters) },
  }),
  'a status and text': (response, random) => ({
    ...response,
    status: random.pick([...statuses, ...failures]),
    headers: { 'content-type': 'text/plain' },
    body: Buffer.from(random.pick(['no\n', '', '\u001b[2Jclear', 'x'.repeat(200_000), '\u00ff\u0000'])),
  }),
  'another content type': (response, random) => ({
    ...response,
    headers: { ...response.headers, 'content-type': random.pick(types) },
  }),
  'a content encoding': (response, random) => ({
    ...response,
    headers: { ...response.headers, 'content-encoding': random.pick(encodings) },
  }),
  redirected: (response, random) => ({
    ...response,
    status: random.pick([301, 302, 303, 307, 308]),
    headers: { ...response.headers, location: latin1(random.pick(locations)) },
  }),
  'closed early': (response, random) => ({
    ...response,
    body: response.body.subarray(0, random.int(0, response.body.length)),
    end: 'close',
  }),
  'silent from some byte on': (response, random) => ({
    ...response,
    body: response.body.subarray(0, random.int(0, response.body.length)),
    end: 'silence',
  }),
  'too long a length': (response) => ({
    ...response,
    headers: { ...response.headers, 'content-length': String(response.body.length + 10) },
    end: 'close',
  }),
  'many headers': (response, random) => ({
    ...response,
    headers: { ...response.headers, 'set-cookie': Array<string>(random.pick([50, 500, 5000])).fill('a=b') },
  }),
  'in small pieces': (response, random) => ({ ...response, piece: random.pick([1, 3, 5, 100]) }),
  'other bytes than HTTP': (response, random) => ({
    ...response,
    raw: Buffer.from(random.pick(raws), 'latin1'),
    end: random.pick(['end', 'close', 'silence']),
  }),
}

/** Header values are bytes. */
function latin1(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
