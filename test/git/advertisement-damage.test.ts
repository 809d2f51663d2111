import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { ProtocolError } from '../../src/git/packets/protocol-error.js'
import { readAdvertisement } from '../../src/git/wire/advertisement.js'
import { chunkSizes, streamOf } from '../../testing/packets/chunks.js'
import { FLUSH, pkt } from '../../testing/packets/wire.js'
import { holds } from '../../testing/property.js'

const A = 'a'.repeat(40)
const v1 = [
  pkt('# service=git-upload-pack\n'),
  FLUSH,
  pkt(`${A} HEAD\0multi_ack symref=HEAD:refs/heads/main\n`),
  pkt(`${A} .have\n`),
  pkt(`${A} refs/heads/main\n`),
  pkt(`shallow ${A}\n`),
  FLUSH,
]
const v2 = [pkt('version 2\n'), pkt('agent=x\n'), pkt('ls-refs\n'), FLUSH]

const read = (wire: Buffer, sizes: number[] = []) => readAdvertisement(streamOf(wire, sizes))

async function readOrProtocolError(wire: Buffer, sizes: number[]): Promise<boolean> {
  try {
    await read(wire, sizes)
    return true
  } catch (error) {
    assert.ok(error instanceof ProtocolError, `${error}`)
    return false
  }
}

test('every cut advertisement is an error', async (t) => {
  for (const packets of [v1, v2]) {
    const wire = Buffer.concat(packets)
    await t.resolves(read(wire))
    for (let length = 0; length < wire.length; length++) {
      await t.rejects(read(wire.subarray(0, length)), { name: 'ProtocolError' }, `${length} bytes`)
    }
  }
})

test('a line that is no ref is an error', async (t) => {
  const wrong = [
    '',
    'refs/heads/main',
    A,
    `${A}refs/heads/main`,
    `${A.slice(1)} refs/heads/main`,
    `${A}a refs/heads/main`,
    `${A.toUpperCase()} refs/heads/main`,
    `${'g'.repeat(40)} refs/heads/main`,
    'shallow',
    'shallow abc',
    `shallow ${A} `,
    `unshallow ${A}`,
  ]
  for (const line of wrong) {
    const first = Buffer.concat([pkt(line), FLUSH])
    await t.rejects(read(first), { name: 'ProtocolError' }, JSON.stringify(line))
    const later = Buffer.concat([pkt(`${A} refs/heads/a\0\n`), pkt(line), FLUSH])
    await t.rejects(read(later), { name: 'ProtocolError' }, `${JSON.stringify(line)}, later`)
  }
})

test('a ref without a name is an error', async (t) => {
  const wire = Buffer.concat([pkt(`${A} \0multi_ack\n`), FLUSH])
  await t.rejects(read(wire), { name: 'ProtocolError' })
})

test('control packets where lines belong are errors', async (t) => {
  for (const packet of ['0001', '0002']) {
    for (const [at, packets] of [...v1.entries()].map(([index]) => [index, v1] as const)) {
      const wire = Buffer.concat([...packets.slice(0, at), Buffer.from(packet), ...packets.slice(at)])
      await t.rejects(read(wire), { name: 'ProtocolError' }, `${packet} before packet ${at}`)
    }
  }
})

const junk = fc.oneof(
  fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ maxLength: 60 }).map((line) => pkt(line)),
  fc.constantFrom(...v1, ...v2, Buffer.from('0001'), Buffer.from('0002'), Buffer.from('0003'), pkt('ERR no')),
)

test('noise is read or is a ProtocolError, and never any other error, whatever its chunks', async (t) => {
  await holds(
    t,
    fc.asyncProperty(fc.array(junk, { maxLength: 8 }), chunkSizes, async (parts, sizes) => {
      const wire = Buffer.concat(parts)
      assert.equal(await readOrProtocolError(wire, sizes), await readOrProtocolError(wire, []))
    }),
    { numRuns: 300 },
  )
})
