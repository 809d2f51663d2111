import { join } from 'node:path'
import t from 'tap'
import { PacketReader } from '../../../src/git/packets/packet-reader.js'
import { readAcknowledged } from '../../../src/git/wire/acknowledgments.js'
import { readAdvertisement } from '../../../src/git/wire/advertisement.js'
import { writeFetchV1, writeFetchV2 } from '../../../src/git/wire/fetch-request.js'
import { infoRefs, responseOf } from '../../../testing/git/git-bytes.js'
import { createRepository } from '../../../testing/git/sample-repository.js'
import { streamOf } from '../../../testing/packets/chunks.js'
import { DELIM, FLUSH, pkt } from '../../../testing/packets/wire.js'
import { temporaryFolder } from '../../../testing/temporary-folder.js'

const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(40)) as [string, string, string]
const OFFERED = [A, B, C]
const readerOf = (...packets: Buffer[]) => new PacketReader(streamOf(Buffer.concat(packets), [7]))

for (const protocol of ['v1', 'v2'] as const) {
  t.test(`${protocol}: git acknowledges what it has, and nothing else`, async (t) => {
    const repository = await createRepository(join(await temporaryFolder(t), 'source'))
    const below = await repository.commit('main')
    const tip = await repository.commit('main')
    const { dir } = repository
    const { capabilities } = await readAdvertisement(streamOf(await infoRefs('upload-pack', dir, protocol)))
    const write = protocol === 'v2' ? writeFetchV2 : writeFetchV1

    const ask = async (...haves: string[]) => {
      const question = write(capabilities, { wants: [tip], haves, end: 'flush' })
      const answer = await responseOf('upload-pack', dir, question, protocol)
      return [...(await readAcknowledged(readerOf(answer), protocol === 'v2', haves))]
    }

    t.strictSame(await ask(A, below, B), [below])
    t.strictSame(await ask(A, B), [])
  })
}

t.test('over v1 only "common" counts', async (t) => {
  const lines = [pkt(`ACK ${A} continue\n`), pkt(`ACK ${B} common\n`), pkt(`ACK ${C} ready\n`), pkt('NAK\n')]
  t.strictSame([...(await readAcknowledged(readerOf(...lines), false, OFFERED))], [B])
  t.strictSame([...(await readAcknowledged(readerOf(pkt('NAK\n')), false, OFFERED))], [])
})

t.test('over v2 a pack may follow; another section is an error', async (t) => {
  const lines = [pkt('acknowledgments\n'), pkt(`ACK ${A}\n`), pkt('ready\n')]
  t.strictSame(
    [...(await readAcknowledged(readerOf(...lines, DELIM, pkt('packfile\n')), true, OFFERED))],
    [A],
  )
  t.strictSame(
    [...(await readAcknowledged(readerOf(...lines.slice(0, 1), pkt('NAK\n'), FLUSH), true, OFFERED))],
    [],
  )
  await t.rejects(readAcknowledged(readerOf(pkt('packfile\n')), true, OFFERED), {
    message: /section "packfile"/,
  })
  await t.rejects(readAcknowledged(readerOf(pkt('ERR no\n')), true, OFFERED), { message: 'no' })
  await t.rejects(readAcknowledged(readerOf(), true, OFFERED), { message: /ends early/ })
})

t.test('an acknowledgment of what was not offered is an error', async (t) => {
  const wrong = [`ACK ${'0'.repeat(40)} common`, `ACK ${A} common`, 'ACK', 'ACK abc', 'NAK me', 'shallow']
  for (const line of wrong) {
    const v2 = readerOf(pkt('acknowledgments\n'), pkt(line), FLUSH)
    await t.rejects(readAcknowledged(v2, true, [B]), { name: 'ProtocolError' }, line)
    await t.rejects(readAcknowledged(readerOf(pkt(line), FLUSH), false, [B]), { name: 'ProtocolError' }, line)
  }
})
