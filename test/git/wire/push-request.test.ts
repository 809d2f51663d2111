import { join } from 'node:path'
import { test } from 'tap'
import { emptyPack } from '../../../src/git/pack/pack.js'
import { PacketReader } from '../../../src/git/packets/packet-reader.js'
import { readSideBand } from '../../../src/git/packets/side-band-stream.js'
import { readAdvertisement } from '../../../src/git/wire/advertisement.js'
import { Capabilities } from '../../../src/git/wire/capabilities.js'
import { readPushReport } from '../../../src/git/wire/push-report.js'
import { writeCommands } from '../../../src/git/wire/push-request.js'
import { AGENT } from '../../../src/version.js'
import { git } from '../../../testing/git/git.js'
import { infoRefs, responseOf } from '../../../testing/git/git-bytes.js'
import { createRepository } from '../../../testing/git/sample-repository.js'
import { streamOf } from '../../../testing/packets/chunks.js'
import { FLUSH, pkt } from '../../../testing/packets/wire.js'
import { temporaryFolder } from '../../../testing/temporary-folder.js'

const [A, B] = ['a', 'b'].map((digit) => digit.repeat(40)) as [string, string]
const ZERO = '0'.repeat(40)

const offered = Capabilities.parse(
  'report-status report-status-v2 delete-refs side-band-64k quiet atomic ofs-delta push-options ' +
    'object-format=sha1 agent=git/2.39.5',
)
const base = `report-status-v2 side-band-64k object-format=sha1 agent=${AGENT}`

test('a create, an update and a delete, the capabilities behind the first', async (t) => {
  const chosen = `report-status-v2 side-band-64k delete-refs object-format=sha1 agent=${AGENT}`
  const commands = [
    { ref: 'refs/heads/old', oldId: A, newId: '' },
    { ref: 'refs/heads/ä', oldId: '', newId: A },
    { ref: 'refs/heads/main', oldId: A, newId: B },
  ]
  t.same(
    writeCommands(offered, commands, {}),
    Buffer.concat([
      pkt(`${A} ${ZERO} refs/heads/old\0 ${chosen}`),
      pkt(`${ZERO} ${A} refs/heads/ä`),
      pkt(`${A} ${B} refs/heads/main`),
      FLUSH,
    ]),
  )
})

test('a push of deletes alone ends with its flush', async (t) => {
  const chosen = `report-status-v2 side-band-64k delete-refs object-format=sha1 agent=${AGENT}`
  t.same(
    writeCommands(offered, [{ ref: 'refs/tags/v1', oldId: A, newId: '' }], {}),
    Buffer.concat([pkt(`${A} ${ZERO} refs/tags/v1\0 ${chosen}`), FLUSH]),
  )
})

const create = [{ ref: 'refs/heads/main', oldId: '', newId: A }]
const chosenFor = (list: Capabilities, options: Parameters<typeof writeCommands>[2] = {}) =>
  writeCommands(list, create, options).toString().split('\0')[1]?.slice(1, -FLUSH.length)

test('without deletes, delete-refs is not asked for', async (t) => {
  t.equal(chosenFor(offered), base)
})

test('atomic, and push options behind a flush of their own', async (t) => {
  const atomic = `report-status-v2 side-band-64k atomic object-format=sha1 agent=${AGENT}`
  t.equal(chosenFor(offered, { atomic: true }), atomic)
  const chosen = `report-status-v2 side-band-64k push-options object-format=sha1 agent=${AGENT}`
  t.same(
    writeCommands(offered, create, { pushOptions: ['ci.skip', 'topic=ä'] }),
    Buffer.concat([
      pkt(`${ZERO} ${A} refs/heads/main\0 ${chosen}`),
      FLUSH,
      pkt('ci.skip'),
      pkt('topic=ä'),
      FLUSH,
    ]),
  )
  t.equal(chosenFor(offered, { pushOptions: [] }), base, 'none are not announced')
})

test('nothing is asked for that is not offered, but for a report', async (t) => {
  const options = { atomic: true, pushOptions: ['x'] }
  t.same(
    writeCommands(new Capabilities([]), [...create, { ref: 'refs/heads/x', oldId: A, newId: '' }], options),
    Buffer.concat([
      pkt(`${ZERO} ${A} refs/heads/main\0 report-status`),
      pkt(`${A} ${ZERO} refs/heads/x`),
      FLUSH,
    ]),
  )
  t.equal(chosenFor(Capabilities.parse('report-status')), 'report-status')
})

test('the missing id is as long as the others', async (t) => {
  const chosen = `report-status object-format=sha256 agent=${AGENT}`
  const list = Capabilities.parse('report-status object-format=sha256 agent=x')
  const id = 'c'.repeat(64)
  t.same(
    writeCommands(list, [{ ref: 'refs/heads/main', oldId: '', newId: id }], {}),
    Buffer.concat([pkt(`${'0'.repeat(64)} ${id} refs/heads/main\0 ${chosen}`), FLUSH]),
  )
})

test('git carries out the commands', async (t) => {
  for (const objectFormat of ['sha1', 'sha256'] as const) {
    const repository = await createRepository(join(await temporaryFolder(t), 'target'), { objectFormat })
    const { dir } = repository
    await git(dir, 'config', 'receive.advertisePushOptions', 'true')
    const [first, second] = [await repository.commit('main'), await repository.commit('main')]
    await repository.branch('old', first)
    const { capabilities } = await readAdvertisement(streamOf(await infoRefs('receive-pack', dir)))
    const commands = [
      { ref: 'refs/heads/old', oldId: first, newId: '' },
      { ref: 'refs/heads/new', oldId: '', newId: second },
      { ref: 'refs/heads/main', oldId: second, newId: first },
    ]
    const head = writeCommands(capabilities, commands, { atomic: true, pushOptions: ['a', 'b'] })
    const answer = await responseOf('receive-pack', dir, Buffer.concat([head, emptyPack(objectFormat)]))
    const outer = new PacketReader(streamOf(answer))
    const sent = new Set(commands.map(({ ref }) => ref))
    const report = await readPushReport(new PacketReader(readSideBand(outer, () => {})), sent)
    t.same(report, { unpack: { ok: true }, refs: new Map(commands.map(({ ref }) => [ref, { ok: true }])) })
    t.same(await repository.refs(), { 'refs/heads/main': first, 'refs/heads/new': second })
  }
})

test('a command that nobody can have planned is never written', async (t) => {
  const main = { ref: 'refs/heads/main', oldId: A, newId: B }
  const wrong = [
    { ...main, newId: ZERO },
    { ...main, oldId: ZERO },
    { ...main, newId: A },
    { ...main, oldId: '', newId: '' },
    { ...main, newId: 'b'.repeat(64) },
    { ...main, newId: B.toUpperCase() },
    { ...main, newId: `${B}\n` },
    { ...main, ref: 'HEAD' },
    { ...main, ref: 'refs/heads/a b' },
    { ...main, ref: 'refs/heads/a\0report-status' },
    { ...main, ref: `refs/heads/a\n${A} ${ZERO} refs/heads/b` },
  ]
  for (const command of wrong) {
    const write = () => writeCommands(offered, [...create.slice(1), command], {})
    t.throws(write, { code: 'internal', message: /nothing was sent/ }, JSON.stringify(command))
  }
  t.throws(() => writeCommands(offered, [main, main], {}), { code: 'internal' }, 'twice')
})
