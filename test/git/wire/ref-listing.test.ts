import { type Test, test } from 'tap'
import type { ObjectFormat } from '../../../src/git/refs/object-id.js'
import { type RefAdvertisement, readAdvertisement } from '../../../src/git/wire/advertisement.js'
import { readLsRefs } from '../../../src/git/wire/ls-refs.js'
import { streamOf } from '../../../testing/packets/chunks.js'
import { FLUSH, pkt } from '../../../testing/packets/wire.js'

const A = 'a'.repeat(40)
const B = 'b'.repeat(40)
const [NULL, NULL_256] = ['0'.repeat(40), '0'.repeat(64)]
const SHA256 = 'c'.repeat(64)

// Short lists come in small pieces, long ones in large.
const wireOf = (lines: readonly string[]) =>
  streamOf(Buffer.concat([...lines.map((line) => pkt(line)), FLUSH]), [lines.length < 1_000 ? 50 : 65_000])

const v1 = async (lines: readonly string[], format: ObjectFormat = 'sha1') => {
  const first = `${format === 'sha1' ? A : SHA256} refs/heads/first\0object-format=${format}`
  return (await readAdvertisement(wireOf([first, ...lines]))) as RefAdvertisement
}
const v2 = (lines: readonly string[], format: ObjectFormat = 'sha1') => readLsRefs(wireOf(lines), format)

const refused = async (t: Test, read: typeof v1 | typeof v2, line: string, message: RegExp) =>
  t.rejects(read([line]), { name: 'ProtocolError', message }, line)

test('the null id is not an object, wherever it is listed', async (t) => {
  const nowhere = /null id, which names no object/
  for (const id of [NULL, NULL_256]) {
    for (const name of ['refs/heads/main', 'refs/tags/v1', 'refs/notes/x', 'HEAD', 'refs/heads/a..b']) {
      await refused(t, v1, `${id} ${name}`, nowhere)
      await refused(t, v2, `${id} ${name}`, nowhere)
      await t.rejects(readAdvertisement(wireOf([`${id} ${name}\0report-status`])), { message: nowhere })
    }
    for (const line of [`${id} .have`, `${id} refs/tags/v1^{}`, `shallow ${id}`])
      await refused(t, v1, line, nowhere)
  }
  await refused(t, v1, `${NULL} capabilities^{}`, nowhere)
  await t.rejects(readAdvertisement(wireOf([`${NULL_256} capabilities^{}\0report-status`])), {
    message: nowhere,
  })
  const empty = [`${NULL_256} capabilities^{}\0report-status object-format=sha256`]
  t.match(await readAdvertisement(wireOf(empty)), { refs: { size: 0 } })
})

test('an id has the length of the object format', async (t) => {
  for (const line of [`${SHA256} refs/heads/a`, `${SHA256} HEAD`]) {
    await refused(t, v1, line, /expected a ref/)
    await refused(t, v2, line, /expected a ref/)
  }
  for (const line of [`${SHA256} .have`, `${SHA256} refs/tags/v1^{}`, `shallow ${SHA256}`])
    await refused(t, v1, line, /expected a ref/)
  await t.rejects(v1([`${A} refs/heads/a`], 'sha256'), { name: 'ProtocolError' })
  await t.rejects(v2([`${A} refs/heads/a`], 'sha256'), { name: 'ProtocolError' })
  t.equal((await v2([`${SHA256} refs/heads/a`], 'sha256')).refs.get('refs/heads/a'), SHA256)
})

test('a name has one object', async (t) => {
  for (const read of [v1, v2]) {
    const lines = [`${A} refs/heads/a`, `${A} refs/heads/b`, `${A} refs/heads/c`]
    const twice = { name: 'ProtocolError', message: /refs\/heads\/\w twice/ }
    for (const again of ['refs/heads/a', 'refs/heads/c'])
      await t.rejects(read([...lines, `${B} ${again}`]), twice, again)
    const { refs } = await read([...lines, `${A} refs/heads/a`])
    t.equal(refs.get('refs/heads/a'), A, 'the same again says nothing new')
  }
})

test('a name that is none is left out and counted', async (t) => {
  const names = Array.from({ length: 12 }, (_, at) => `refs/heads/a..${at}`)
  for (const read of [v1, v2]) {
    const { refs, invalidNames } = await read(names.map((name) => `${A} ${name}`))
    t.strictSame(
      [...refs.keys()].filter((name) => name !== 'refs/heads/first'),
      [],
    )
    t.strictSame(invalidNames.first, names.slice(0, 10))
    t.equal(invalidNames.others, 2)
  }
  const odd = ['main', 'refs/heads/a\u001b[2J', 'refs/heads/a\nb', `refs/heads/${'a'.repeat(5000)}`]
  t.equal((await v2(odd.map((name) => `${A} ${name}`))).refs.size, 0)
})

test('over v2 a name ends at a space, and what follows is an attribute or an error', async (t) => {
  t.equal((await v2([`${A} refs/tags/v1 peeled:${B}`])).refs.get('refs/tags/v1'), A)
  await refused(t, v2, `${A} refs/heads/a b`, /expected a ref/)
  await refused(t, v2, `${A} refs/heads/a `, /expected a ref/)
  await refused(t, v2, 'unborn refs/heads/a', /expected a ref/)
})

test('HEAD names a branch only by a name that a branch can have', async (t) => {
  const evil = 'refs/heads/a\u001b]0;x\u0007'
  t.equal((await v2([`${A} HEAD symref-target:${evil}`])).head, undefined)
  t.equal((await v2(['unborn HEAD symref-target:../../x'])).head, undefined)
  t.equal((await v2(['unborn HEAD symref-target:refs/heads/x'])).head, 'refs/heads/x')
  const first = `${A} HEAD\0symref=HEAD:${evil}`
  t.equal(((await readAdvertisement(wireOf([first]))) as RefAdvertisement).head, undefined)
})

test('what goes beyond any use is not kept, or is an error', async (t) => {
  const number = (at: number) => (at + 1).toString(16).padStart(40, '0')
  const lines = (count: number, lineOf: (id: string) => string) =>
    Array.from({ length: count }, (_, at) => lineOf(number(at)))
  const { extraHaves } = await v1(lines(60_000, (id) => `${id} .have`))
  t.equal(extraHaves.length, 50_000)
  const shallow = lines(100_001, (id) => `shallow ${id}`)
  await t.rejects(v1(shallow), { name: 'ProtocolError', message: /more than 100000 shallow commits/ })
  t.equal((await v1(shallow.slice(1))).shallow.length, 100_000)
  const capabilities = ['version 2', ...Array(7000).fill('agent=git/2.39.5')]
  await t.rejects(readAdvertisement(wireOf(capabilities)), { message: /capabilities are longer than 65520/ })
})
