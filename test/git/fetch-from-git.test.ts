import { join } from 'node:path'
import { test } from 'tap'
import { openPackStream } from '../../src/git/pack/pack-stream.js'
import { PacketReader } from '../../src/git/packets/packet-reader.js'
import {
  asRefusedWant,
  RefusedWantError,
  type RemoteFatalError,
} from '../../src/git/packets/protocol-error.js'
import { readAdvertisement } from '../../src/git/wire/advertisement.js'
import { type FetchRequest, writeFetchV1, writeFetchV2 } from '../../src/git/wire/fetch-request.js'
import { readV1Preamble, readV2Preamble } from '../../src/git/wire/fetch-response.js'
import { gitWith } from '../../testing/git/git.js'
import { infoRefs, responseOf } from '../../testing/git/git-bytes.js'
import { createRepository, type Repository } from '../../testing/git/sample-repository.js'
import { gather, streamOf } from '../../testing/packets/chunks.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'

// Requests and answers together, with git on the other side of both.

async function fetchFrom({ dir }: Repository, protocol: 'v1' | 'v2', request: FetchRequest) {
  const { capabilities } = await readAdvertisement(streamOf(await infoRefs('upload-pack', dir, protocol)))
  const isV2 = protocol === 'v2'
  const body = (isV2 ? writeFetchV2 : writeFetchV1)(capabilities, request)
  const reader = new PacketReader(streamOf(await responseOf('upload-pack', dir, body, protocol), [1000]))
  let text = ''
  const info = await (isV2 ? readV2Preamble : readV1Preamble)(reader)
  const pack = await openPackStream(reader, (bytes) => {
    text += bytes.toString()
  })
  return { info, objects: pack.objects, bytes: await gather(pack), text }
}

test('git sends what is asked for, and no more', async (t) => {
  const cases = [
    ['sha1', 'v1'],
    ['sha1', 'v2'],
    ['sha256', 'v2'],
  ] as const
  for (const [objectFormat, protocol] of cases) {
    const folder = await temporaryFolder(t)
    const source = await createRepository(join(folder, 'source'), { objectFormat })
    const old = await source.addCommits('main', 3)
    const tip = await source.addCommits('main', 2)
    const target = await createRepository(join(folder, 'target'), { objectFormat })

    const first = await fetchFrom(source, protocol, { wants: [old, old], haves: [], progress: true })
    t.equal(first.objects, 9, 'three commits with a tree and a file each')
    t.match(first.text, /Counting|Enumerating/, 'progress was asked for')
    await gitWith(target.dir, { input: first.bytes }, 'index-pack', '--stdin', '--strict')

    const request = { wants: [tip], haves: [old], thin: true, ofsDelta: true }
    const second = await fetchFrom(source, protocol, request)
    t.ok(second.objects <= 6, 'what the target has is not sent again')
    t.equal(second.text, '', 'progress was not asked for')
    await gitWith(target.dir, { input: second.bytes }, 'index-pack', '--stdin', '--fix-thin')
    await target.branch('main', tip)
    const count = await gitWith(target.dir, {}, 'rev-list', '--count', '--objects', 'main')
    t.equal(Number(count), 15, `${objectFormat} over ${protocol}`)

    const nothing = await fetchFrom(source, protocol, { wants: [old], haves: [tip] })
    t.equal(nothing.objects, 0, 'an ancestor of what one has costs an empty pack')
    t.same(nothing.info, { shallow: [], unshallow: [] })
  }
})

test('git refuses an object that it lacks, in words that are known', async (t) => {
  const source = await createRepository(join(await temporaryFolder(t), 'source'))
  await source.commit('main')
  const request = { wants: ['e'.repeat(40)], haves: [] }
  const refusal = await (async () => {
    const { capabilities } = await readAdvertisement(
      streamOf(await infoRefs('upload-pack', source.dir, 'v2')),
    )
    // git ends with an error status after its ERR line, which is what smart HTTP passes on.
    const answer = await responseOf(
      'upload-pack',
      source.dir,
      writeFetchV2(capabilities, request),
      'v2',
    ).catch((error: { output?: Buffer }) => error.output ?? Buffer.alloc(0))
    await readV2Preamble(new PacketReader(streamOf(answer)))
  })().catch((error: unknown) => error)
  t.match(refusal, { name: 'ProtocolError' })
  t.type(asRefusedWant(refusal as RemoteFatalError, request.wants), RefusedWantError)
})
