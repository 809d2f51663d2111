import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import { advertiseSource, advertiseTarget, listRefs, packOf, pushReport } from './fake-responses.js'
import { serveCalls } from './serve-calls.js'

export interface FakeOptions {
  /** Of `main`; none in an empty repository. */
  tip?: string
  /** The packets of a pack as git sent them, which are sent over and over until there are `bytes`. */
  recording?: string
  bytes?: number
}

export interface FakeRemote {
  origin: string
  /** Sends the recording, or takes what comes, without HTTP. */
  socketPort: number
}

let fake: Required<FakeOptions>
let packets: Buffer = Buffer.alloc(0)

/** A remote of one branch that costs next to nothing: what is left to measure is the product. */
async function start({ tip = '', recording, bytes = 0 }: FakeOptions): Promise<FakeRemote> {
  fake = { tip, recording: recording ?? '', bytes }
  packets = recording ? readFileSync(recording) : packOf(1)
  const http = createHttpServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, (request, response) => {
    serve(request, response).catch((error: Error) => response.destroy(error))
  })
  const sockets = createServer((socket) => {
    socket.on('error', () => {})
    if (recording) return void pipeline(Readable.from(play()), socket).catch(() => {})
    socket.resume().once('end', () => socket.end('k'))
  })
  return { origin: `http://127.0.0.1:${await listen(http)}`, socketPort: await listen(sockets) }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  switch (pathname) {
    case '/info/refs': {
      const service = searchParams.get('service') ?? ''
      const isSource = service === 'git-upload-pack'
      response.setHeader('content-type', `application/x-${service}-advertisement`)
      response.end(isSource ? advertiseSource() : advertiseTarget(fake.tip))
      return
    }
    case '/git-upload-pack':
      response.setHeader('content-type', 'application/x-git-upload-pack-result')
      return respondToFetch(await bodyOf(request), response)
    case '/git-receive-pack':
      await drain(request)
      response.setHeader('content-type', 'application/x-git-receive-pack-result')
      response.end(pushReport())
      return
    case '/recording':
      return pipeline(Readable.from(play()), response)
    case '/drain':
      await drain(request)
      response.end('k')
      return
    default:
      response.writeHead(404).end()
  }
}

async function respondToFetch(body: string, response: ServerResponse): Promise<void> {
  if (body.includes('command=ls-refs')) return void response.end(listRefs(fake.tip))
  response.write('000dpackfile\n')
  // Wanting what is not the tip asks for a proof.
  const isProof = !body.includes(`want ${fake.tip}`)
  await pipeline(Readable.from(isProof ? [packOf(0)] : play()), response, { end: false })
  response.end('0000')
}

const CHUNK = 65_536

function* play(): Generator<Buffer> {
  for (let sent = 0; sent < Math.max(1, fake.bytes); sent += packets.length) {
    for (let at = 0; at < packets.length; at += CHUNK) yield packets.subarray(at, at + CHUNK)
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const body = await buffer(request)
  return (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('latin1')
}

async function drain(request: IncomingMessage): Promise<void> {
  request.resume()
  await once(request, 'end')
}

serveCalls({ start })
