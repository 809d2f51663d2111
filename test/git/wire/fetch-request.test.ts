import { test } from 'tap'
import { Capabilities } from '../../../src/git/wire/capabilities.js'
import { writeFetchV1, writeFetchV2 } from '../../../src/git/wire/fetch-request.js'
import { AGENT } from '../../../src/version.js'
import { DELIM, FLUSH, pkt } from '../../../testing/packets/wire.js'

const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(40)) as [string, string, string]

const v2 = new Capabilities(['agent=git/2.39.5', 'fetch=shallow filter', 'object-format=sha1'])
const v1 = Capabilities.parse(
  'multi_ack thin-pack side-band side-band-64k ofs-delta shallow no-progress include-tag ' +
    'multi_ack_detailed no-done object-format=sha1 filter agent=git/2.39.5',
)
const all = { wants: [A], haves: [B], shallow: [C], thin: true, ofsDelta: true, progress: true }

test('v2: all that can be asked', async (t) => {
  t.same(
    writeFetchV2(v2, all),
    Buffer.concat([
      pkt('command=fetch\n'),
      pkt(`agent=${AGENT}\n`),
      pkt('object-format=sha1\n'),
      DELIM,
      pkt('thin-pack\n'),
      pkt('ofs-delta\n'),
      pkt(`want ${A}\n`),
      pkt(`shallow ${C}\n`),
      pkt(`have ${B}\n`),
      pkt('done\n'),
      FLUSH,
    ]),
  )
})

test('v2: the least that can be asked', async (t) => {
  t.same(
    writeFetchV2(new Capabilities(['fetch']), { wants: [A], haves: [] }),
    Buffer.concat([
      pkt('command=fetch\n'),
      DELIM,
      pkt('no-progress\n'),
      pkt(`want ${A}\n`),
      pkt('done\n'),
      FLUSH,
    ]),
  )
})

test('v1: all that can be asked', async (t) => {
  const chosen = `multi_ack_detailed side-band-64k thin-pack ofs-delta object-format=sha1 agent=${AGENT}`
  t.same(
    writeFetchV1(v1, { ...all, wants: [A, B], haves: [B, C] }),
    Buffer.concat([
      pkt(`want ${A} ${chosen}\n`),
      pkt(`want ${B}\n`),
      pkt(`shallow ${C}\n`),
      FLUSH,
      pkt(`have ${B}\n`),
      pkt(`have ${C}\n`),
      pkt('done\n'),
    ]),
  )
})

test('v1: the least that can be asked of one that offers all', async (t) => {
  const chosen = `multi_ack_detailed side-band-64k no-progress object-format=sha1 agent=${AGENT}`
  t.same(
    writeFetchV1(v1, { wants: [A], haves: [] }),
    Buffer.concat([pkt(`want ${A} ${chosen}\n`), FLUSH, pkt('done\n')]),
  )
})

test('v1: of two ways the better one is chosen, and the lesser where it is all there is', async (t) => {
  const chosenOf = (offered: string, request = all) =>
    writeFetchV1(Capabilities.parse(offered), request).toString().split('\n')[0]?.slice(50).split(' ')
  t.same(chosenOf('multi_ack side-band'), ['multi_ack', 'side-band'])
  t.same(chosenOf('side-band-64k side-band multi_ack_detailed multi_ack'), [
    'multi_ack_detailed',
    'side-band-64k',
  ])
})

test('v1: each capability is asked for only where it is offered', async (t) => {
  const names = ['thin-pack', 'ofs-delta', 'no-progress', 'agent', 'object-format']
  const quiet = { ...all, progress: false }
  const chosen = (offered: Capabilities) => writeFetchV1(offered, quiet).toString().split('\n')[0] ?? ''
  for (const name of names) {
    t.match(chosen(v1), ` ${name}`)
    const others = new Capabilities(v1.list.filter((entry) => !entry.startsWith(name)))
    t.notMatch(chosen(others), ` ${name}`, name)
  }
})

test('dulwich insists on capabilities that are not needed', async (t) => {
  const offered = Capabilities.parse('side-band-64k thin-pack ofs-delta agent=dulwich/0.21.2')
  const chosen = `side-band-64k thin-pack ofs-delta agent=${AGENT}`
  const request = { wants: [A], haves: [], progress: true }
  t.same(writeFetchV1(offered, request), Buffer.concat([pkt(`want ${A} ${chosen}\n`), FLUSH, pkt('done\n')]))
})

test('a filter is asked for before the haves, in both protocols', async (t) => {
  const request = { wants: [A], haves: [B], filter: 'tree:0' }
  const expected = Buffer.concat([pkt('filter tree:0\n'), pkt(`have ${B}\n`)])
  const inV1 = writeFetchV1(v1, request)
  t.match(inV1.toString().split('\n')[0], / filter( |$)/, 'v1 has a capability for it')
  t.ok(inV1.includes(Buffer.concat([pkt('filter tree:0\n'), FLUSH, pkt(`have ${B}\n`)])))
  t.ok(writeFetchV2(v2, request).includes(expected))
  t.notMatch(writeFetchV1(v1, all).toString(), /filter/)
  t.notMatch(writeFetchV2(v2, all).toString(), /filter/)
})

test('a want is sent once, in both protocols', async (t) => {
  for (const write of [writeFetchV1, writeFetchV2]) {
    const request = write(write === writeFetchV1 ? v1 : v2, { wants: [A, B, A, B, A], haves: [] }).toString()
    const wants = [...request.matchAll(/want ([0-9a-f]+)/g)].map(([, id]) => id)
    t.same(wants, [A, B])
  }
})

test('include-tag is never asked for', async (t) => {
  t.notMatch(writeFetchV1(v1, all).toString(), /include-tag/)
  t.notMatch(writeFetchV2(v2, all).toString(), /include-tag/)
})

test('a round of negotiation ends in a flush, without done', async (t) => {
  const request = { wants: [A], haves: [B, C], end: 'flush' } as const
  const chosen = `multi_ack_detailed side-band-64k no-progress object-format=sha1 agent=${AGENT}`
  const offered = [pkt(`have ${B}\n`), pkt(`have ${C}\n`), FLUSH]
  t.same(writeFetchV1(v1, request), Buffer.concat([pkt(`want ${A} ${chosen}\n`), FLUSH, ...offered]))
  t.same(
    writeFetchV2(new Capabilities(['fetch']), request),
    Buffer.concat([pkt('command=fetch\n'), DELIM, pkt('no-progress\n'), pkt(`want ${A}\n`), ...offered]),
  )
})
