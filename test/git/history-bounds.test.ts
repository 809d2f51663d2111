import t from 'tap'
import { type HistoryObject, readHistory } from '../../src/git/pack/history.js'
import { streamOf } from '../../testing/packets/chunks.js'
import { appending, idOf, type WrittenEntry, writePack } from '../../testing/packets/pack-writer.js'

const MIB = 1024 * 1024
const commit = Buffer.from(`tree ${'a'.repeat(40)}\nauthor x <x> 0 +0000\ncommitter x <x> 0 +0000\n\n`)
const longer = (base: Buffer, text: string) => Buffer.concat([base, Buffer.from(text)])
const delta = (base: Buffer, text: string) => appending(base, base.length, Buffer.from(text))
const ids = (found: HistoryObject[]) => found.map(({ id }) => id).sort()
const idsOf = (commits: Buffer[]) => commits.map((data) => idOf('commit', data)).sort()

/** Reads a pack; `stored` is what the source can be asked for by id. */
async function read(entries: WrittenEntry[], stored: Buffer[] = []) {
  const found: HistoryObject[] = []
  const fetched: { ids: readonly string[]; found: number }[] = []
  const byId = new Map(stored.map((data) => [idOf('commit', data), data]))
  const fetchObjects = async (wanted: readonly string[]) => {
    fetched.push({ ids: wanted, found: found.length })
    const there = wanted.flatMap((id) => byId.get(id) ?? [])
    return streamOf(writePack(there.map((data) => ({ type: 'commit', data }))), [65_000])
  }
  const pack = streamOf(writePack(entries), [65_000])
  for await (const objects of readHistory(pack, 'sha1', fetchObjects)) found.push(...objects)
  return { found, fetched }
}

t.test('deltas whose bases are not at hand are closed before they are too much', async (t) => {
  const texts = ['x', 'y', 'z'].map((letter) => letter.repeat(6 * MIB))
  const made = texts.map((text) => longer(commit, text))
  const last = longer(made[0] as Buffer, 'more')
  const base = idOf('commit', commit)
  const { found, fetched } = await read(
    [
      ...texts.map((text): WrittenEntry => ({ type: 'ref-delta', base, data: delta(commit, text) })),
      { type: 'commit', data: longer(commit, 'after') },
      { type: 'ofs-delta', base: 0, data: delta(made[0] as Buffer, 'more') },
    ],
    [commit, ...made],
  )
  t.strictSame(ids(found), idsOf([...made, last, longer(commit, 'after')]))
  t.strictSame(fetched, [
    { ids: [base], found: 0 },
    { ids: [idOf('commit', made[0] as Buffer)], found: 4 },
  ])
})

t.test('bases that there is no room for are fetched by their own ids', async (t) => {
  const copied = longer(commit, 'e'.repeat(6 * MIB))
  const grown = ['1', '2', '3'].map((text) => longer(copied, text))
  const { found, fetched } = await read(
    grown.flatMap((data, index): WrittenEntry[] => [
      { type: 'ref-delta', base: idOf('commit', copied), data: delta(copied, String(index + 1)) },
      { type: 'ofs-delta', base: 2 * index, data: delta(data, '!') },
    ]),
    [copied, ...grown],
  )
  t.strictSame(ids(found), idsOf([...grown, ...grown.map((data) => longer(data, '!'))]))
  t.strictSame(
    fetched.map(({ ids }) => ids.length),
    [1, 2],
    'beside their base only one has room to wait',
  )
})

t.test('a large commit is read, a larger file and what is made of it passed over', async (t) => {
  const large = longer(commit, 'large '.repeat(MIB))
  const file = Buffer.alloc(17 * MIB)
  const { found, fetched } = await read([
    { type: 'commit', data: large },
    { type: 'blob', data: file },
    { type: 'ofs-delta', base: 1, data: delta(file, 'more') },
    { type: 'ofs-delta', base: 2, data: delta(file, 'and more') },
    { type: 'commit', data: commit },
  ])
  t.strictSame(ids(found), idsOf([large, commit]))
  t.strictSame(fetched, [])
})

t.test('a delta on itself, on nothing, or on one that comes later by offset has no base', async (t) => {
  const broken: WrittenEntry[][] = [
    [{ type: 'ofs-delta', base: 0, data: delta(commit, 'x') }],
    [
      { type: 'ref-delta', base: idOf('commit', longer(commit, 'x')), data: delta(commit, 'y') },
      { type: 'ref-delta', base: idOf('commit', longer(commit, 'y')), data: delta(commit, 'x') },
    ],
  ]
  for (const entries of broken) await t.rejects(read(entries), { message: /a delta in the pack has no base/ })
})

t.test('what a delta says of sizes is not believed', async (t) => {
  const endless = Buffer.concat([Buffer.from([commit.length]), Buffer.alloc(2000, 0x80)])
  const huge = Buffer.from([commit.length, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x01, 0x20])
  for (const [data, message] of [
    [endless, /malformed size/],
    [huge, /more than 16777216 bytes/],
  ] as const) {
    const entries: WrittenEntry[] = [
      { type: 'commit', data: commit },
      { type: 'ofs-delta', base: 0, data },
    ]
    await t.rejects(read(entries), { name: 'ProtocolError', message })
  }
})

t.test('a pack without its whole checksum is cut', async (t) => {
  const pack = writePack([{ type: 'commit', data: commit }])
  const reading = readHistory(streamOf(pack.subarray(0, -1)), 'sha1', () => Promise.reject(new Error()))
  await t.rejects(
    (async () => {
      for await (const _ of reading);
    })(),
    { message: /does not end with its checksum/ },
  )
})

t.test('a signal ends the reading of what has come already', async (t) => {
  const ending = new AbortController()
  const reason = new Error('over')
  const entries = Array.from({ length: 5_000 }, (): WrittenEntry => ({ type: 'commit', data: commit }))
  const reading = readHistory(
    streamOf(writePack(entries)),
    'sha1',
    () => Promise.reject(reason),
    ending.signal,
  )
  await t.rejects(
    (async () => {
      for await (const _ of reading) ending.abort(reason)
    })(),
    reason,
  )
})
