import fc from 'fast-check'
import t from 'tap'
import { parsePointer, SHORTEST_POINTER } from '../../src/lfs/pointer.js'
import { clientAccepts, noGitLfs } from '../../testing/lfs/git-lfs.js'
import { pointerText } from '../../testing/lfs/pointers.js'
import { holds } from '../../testing/property.js'

const OID = '4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393'
const V1 = 'https://git-lfs.github.com/spec/v1'
const plain = `version ${V1}\noid sha256:${OID}\nsize 12345\n`
const ext = (priority: number, oid = OID) => `ext-${priority}-foo sha256:${oid}\n`

const pointers: Record<string, string> = {
  plain,
  'the pre-release version': plain.replace(V1, 'https://hawser.github.com/spec/v1'),
  'the alpha version': plain.replace(V1, 'http://git-media.io/v/2'),
  'an extension': plain.replace('oid', `${ext(0)}oid`),
  'several extensions': plain.replace('oid', `${ext(0)}${ext(1)}${ext(9)}oid`),
  'an extension of a longer name': plain.replace('oid', `ext-1-foo-bar.baz sha256:${OID}\noid`),
  'no line end at the end': plain.trimEnd(),
  'CR LF': plain.replaceAll('\n', '\r\n'),
  'blank lines': plain.replaceAll('\n', '\n\n'),
  'white space around it': `\u0085 \t${plain}\u00a0\v`,
  'size 0': plain.replace('12345', '0'),
  'a signed size': plain.replace('12345', '+12345'),
  'the largest size': plain.replace('12345', '9223372036854775807'),
}

const others: Record<string, string> = {
  empty: '',
  'a blank line': '\n',
  'another version': plain.replace('spec/v1', 'spec/v2'),
  'a version in other letters': plain.replace('git-lfs', 'Git-LFS'),
  'no version': plain.replace(/^version .*\n/, ''),
  'no oid': plain.replace(/oid .*\n/, ''),
  'no size': plain.replace(/size .*\n/, ''),
  'keys in another order': `version ${V1}\nsize 12345\noid sha256:${OID}\n`,
  'a key twice': plain.replace('size', `oid sha256:${OID}\nsize`),
  'one more line': `${plain}more text\n`,
  'an extension at the end': plain + ext(0),
  'two extensions of one priority': plain.replace('oid', `${ext(0)}ext-0-bar sha256:${OID}\noid`),
  'an extension of two digits': plain.replace('oid', `ext-10-foo sha256:${OID}\noid`),
  'an extension without an object': plain.replace('oid', 'ext-0-foo bar\noid'),
  'another hash': plain.replace('sha256', 'sha1'),
  'an oid in capitals': plain.replace(OID, OID.toUpperCase()),
  'a short oid': plain.replace(OID, OID.slice(1)),
  'a long oid': plain.replace(OID, `${OID}0`),
  'a negative size': plain.replace('12345', '-1'),
  'a size beyond 63 bits': plain.replace('12345', '9223372036854775808'),
  'a size in hex': plain.replace('12345', '0x10'),
  'no size behind its key': plain.replace('12345', ''),
  'two blanks': plain.replace('size ', 'size  '),
  'a byte order mark': `\ufeff${plain}`,
  'a file that quotes one': `How a pointer looks:\n\n${plain}`,
  'too long': plain.replace('oid', `ext-0-${'x'.repeat(1000)} sha256:${OID}\noid`),
}

t.test('every form that a client reads', async (t) => {
  for (const [name, text] of Object.entries(pointers)) {
    const size = Number(/size \+?(\d+)/.exec(text)?.[1])
    t.strictSame(parsePointer(Buffer.from(text)), { oid: OID, size }, name)
  }
})

t.test('what only looks like one', async (t) => {
  for (const [name, text] of Object.entries(others)) t.equal(parsePointer(Buffer.from(text)), undefined, name)
})

t.test('the shortest, and the limit', async (t) => {
  const shortest = `version http://git-media.io/v/2\noid sha256:${OID}\nsize 0`
  t.equal(shortest.length, SHORTEST_POINTER)
  t.ok(parsePointer(Buffer.from(shortest)))
  t.ok(parsePointer(Buffer.from(plain.padEnd(1023, '\n'))))
  t.notOk(parsePointer(Buffer.from(plain.padEnd(1024, '\n'))))
})

const damaged = fc
  .tuple(
    pointerText,
    fc.nat(),
    fc.constantFrom('', ' ', '\n', '\r', '0', 'é', 'version '),
    fc.nat({ max: 3 }),
  )
  .map(([{ text }, at, insert, dropped]) => {
    const place = at % (text.length + 1)
    return text.slice(0, place) + insert + text.slice(place + dropped)
  })

t.test('what is written is read again', (t) =>
  holds(
    t,
    fc.property(pointerText, ({ text, oid, size }) => {
      const read = parsePointer(Buffer.from(text))
      return read?.oid === oid && read.size === size
    }),
  ),
)

t.test('any bytes are read without a failure', (t) =>
  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 1100 }), (bytes) => {
      parsePointer(Buffer.from(bytes))
    }),
  ),
)

t.test("git-lfs's own client agrees", { skip: await noGitLfs() }, async (t) => {
  const agrees = async (text: string) =>
    (parsePointer(Buffer.from(text)) !== undefined) === (await clientAccepts(text))
  for (const [name, text] of Object.entries({ ...pointers, ...others })) {
    // The empty pointer is one that names nothing, and the client looks at the first 1,024 bytes alone.
    if (text !== '' && text.length < 1024) t.ok(await agrees(text), name)
  }
  await holds(
    t,
    fc.asyncProperty(
      damaged,
      async (text) => text.length === 0 || Buffer.byteLength(text) >= 1024 || agrees(text),
    ),
    { numRuns: 150 },
  )
})
