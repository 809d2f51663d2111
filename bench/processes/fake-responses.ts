import { createHash } from 'node:crypto'

// What git's own servers would say, in as few words as it takes.

const FLUSH = '0000'

export function advertiseSource(): string {
  const capabilities = [
    'version 2',
    'agent=git/2.39.5-fake',
    'ls-refs=unborn',
    'fetch=shallow filter',
    'object-format=sha1',
  ]
  return [line('# service=git-upload-pack'), FLUSH, ...capabilities.map(line), FLUSH].join('')
}

/** An empty repository where there is no tip. */
export function advertiseTarget(tip: string): string {
  const capabilities =
    'report-status side-band-64k delete-refs ofs-delta object-format=sha1 agent=git/2.39.5-fake'
  const ref = tip ? `${tip} refs/heads/main` : `${'0'.repeat(40)} capabilities^{}`
  return [line('# service=git-receive-pack'), FLUSH, line(`${ref}\0${capabilities}`), FLUSH].join('')
}

export function listRefs(tip: string): string {
  return [line(`${tip} HEAD symref-target:refs/heads/main`), line(`${tip} refs/heads/main`), FLUSH].join('')
}

export function pushReport(): string {
  const report = [line('unpack ok'), line('ok refs/heads/main'), FLUSH].join('')
  return [packet(`\x01${report}`), FLUSH].join('')
}

/** A pack that says it holds so many objects, in one packet of band 1. */
export function packOf(objects: number): Buffer {
  const head = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1')
  head.writeUInt32BE(objects, 8)
  const body = Buffer.concat([head, Buffer.alloc(objects * 1000, 'x')])
  const pack = Buffer.concat([body, createHash('sha1').update(body).digest()])
  return Buffer.concat([Buffer.from(`${lengthOf(pack.length + 1)}\x01`, 'latin1'), pack])
}

function line(text: string): string {
  return packet(`${text}\n`)
}

function packet(payload: string): string {
  return lengthOf(Buffer.byteLength(payload)) + payload
}

function lengthOf(payload: number): string {
  return (payload + 4).toString(16).padStart(4, '0')
}
