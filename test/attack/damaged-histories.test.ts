import t from 'tap'
import { readHistory } from '../../src/git/pack/history.js'
import { ProtocolError } from '../../src/git/packets/protocol-error.js'
import { Client } from '../../src/index.js'
import { failureOf } from '../../testing/cases/stage.js'
import { startGraphPeers } from '../../testing/hostile/graph-peers.js'
import { streamOf } from '../../testing/packets/chunks.js'
import { appending, idOf, type WrittenEntry, writePack } from '../../testing/packets/pack-writer.js'
import { Random } from '../../testing/random.js'

const SEED = 20_261_125
const TREE = 'a'.repeat(40)

const commitOf = (parents: readonly string[], message: string) => {
  const lines = parents.map((id) => `parent ${id}\n`).join('')
  return Buffer.from(`tree ${TREE}\n${lines}author x <x> 0 +0000\ncommitter x <x> 0 +0000\n\n${message}\n`)
}

/** A line of commits, with merges, a tag, and deltas of either kind, some on bases that are to be fetched again. */
function history(): { tip: string; pack: Buffer; first: Buffer } {
  const commits: Buffer[] = []
  for (let number = 0; number < 12; number++) {
    const parents = commits.slice(-(1 + (number % 3))).map((data) => idOf('commit', data))
    commits.push(commitOf(parents, `commit ${number} ${'text '.repeat(number)}`))
  }
  const first = commits[0] as Buffer
  const tip = idOf('commit', commits.at(-1) as Buffer)
  const grown = (text: string) => appending(first, first.length, Buffer.from(text))
  const entries: WrittenEntry[] = [
    ...commits.map((data) => ({ type: 'commit' as const, data })),
    { type: 'tag', data: Buffer.from(`object ${tip}\ntype commit\ntag v1\n\n`) },
    { type: 'ofs-delta', base: 0, data: grown('more') },
    { type: 'ref-delta', base: idOf('commit', first), data: grown('and more') },
    { type: 'ofs-delta', base: 13, data: appending(Buffer.concat([first, Buffer.from('more')]), 40, first) },
  ]
  return { tip, pack: writePack(entries), first }
}

/** Changes, drops, repeats or puts in some bytes, at one place or a few. */
function damaged(pack: Buffer, random: Random): Buffer {
  let bytes = Buffer.from(pack)
  for (let times = random.int(1, 3); times > 0; times--) {
    const at = random.int(0, bytes.length - 1)
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at + random.int(1, 20))]
    const some = Buffer.from(Array.from({ length: random.int(1, 12) }, () => random.int(0, 255)))
    bytes = random.pick([
      () => Buffer.concat([before, some, after]),
      () => Buffer.concat([before, after]),
      () => Buffer.from(before),
      () => Buffer.concat([before, bytes.subarray(Math.max(0, at - 30))]),
      () =>
        Buffer.concat([
          before,
          Buffer.from([(bytes[at] ?? 0) ^ (1 << random.int(0, 7))]),
          bytes.subarray(at + 1),
        ]),
    ])()
  }
  return bytes
}

t.test('a damaged history is a protocol error, or none that can be seen', async (t) => {
  const { pack, first } = history()
  const random = new Random(SEED)
  const other: unknown[] = []
  let refused = 0
  for (let run = 0; run < 300; run++) {
    const stream = streamOf(damaged(pack, random), [random.int(1, 400)])
    const again = async () => streamOf(writePack([{ type: 'commit', data: first }]), [50])
    try {
      for await (const _ of readHistory(stream, 'sha1', again));
    } catch (error) {
      if (error instanceof ProtocolError) refused++
      else other.push(error)
    }
  }
  t.strictSame(other, [])
  t.ok(refused > 250, `${refused} of them refused`)
})

t.test('and so it is the fault of the source in a transfer in steps', async (t) => {
  const { tip, pack } = history()
  const random = new Random(SEED + 1)
  const peers = await startGraphPeers({ 'refs/heads/main': tip }, () => [damaged(pack, random)])
  t.teardown(() => peers.close())
  const client = new Client()
  const codes = new Map<string, number>()
  for (let run = 0; run < 150; run++) {
    const { code } = await failureOf(client.sync(peers.request))
    codes.set(code, (codes.get(code) ?? 0) + 1)
  }
  t.strictSame(Object.fromEntries(codes), { source_protocol_error: 150 })
})
