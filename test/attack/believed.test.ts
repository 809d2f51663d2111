import t, { type Test } from 'tap'
import { Client } from '../../src/index.js'
import { failureOf, stage } from '../../testing/cases/stage.js'
import { FLUSH, pkt, startFakeRemote } from '../../testing/packets/wire.js'

const ID = '1'.repeat(40)
const NULL = '0'.repeat(40)

/** A source that lists this over v1 or v2. */
async function sourceThatLists(t: Test, protocol: 'v1' | 'v2', lines: readonly string[]) {
  const { url, close } = await startFakeRemote((request, response) => {
    const isListing = request.method === 'GET'
    const kind = isListing ? 'advertisement' : 'result'
    response.setHeader('content-type', `application/x-git-upload-pack-${kind}`)
    const [first = '', ...rest] = lines
    const refs = protocol === 'v1' ? [`${first}\0side-band-64k agent=evil/1`, ...rest] : lines
    const said = protocol === 'v2' && isListing ? ['version 2', 'ls-refs', 'fetch=shallow'] : refs
    response.end(Buffer.concat([...said.map((line) => pkt(`${line}\n`)), FLUSH]))
  })
  t.teardown(close)
  return { url: url() }
}

for (const protocol of ['v1', 'v2'] as const) {
  t.test(`${protocol}: a source that lists a null id deletes nothing`, async (t) => {
    const { target } = await stage(t)
    const tip = await target.commit('main')
    await target.branch('other', tip)
    const before = await target.refs()
    const lists = [
      [`${NULL} refs/heads/main`],
      [`${tip} refs/heads/main`, `${NULL} refs/heads/other`],
      [`${tip} refs/heads/main`, `${NULL} refs/tags/v1`],
      [`${NULL} HEAD`, `${tip} refs/heads/main`],
      [`${'0'.repeat(64)} refs/heads/main`],
    ]
    for (const lines of lists) {
      const source = await sourceThatLists(t, protocol, lines)
      for (const policy of [{}, { force: true }, { mode: 'replicate' }, { prune: true, maxDeletes: 0 }]) {
        const request = { source, target: { url: target.url }, policy }
        const error = await failureOf(new Client().sync(request as Parameters<Client['sync']>[0]))
        t.match(error, { code: 'source_protocol_error' }, `${lines} ${JSON.stringify(policy)}`)
      }
      t.match(await failureOf(new Client().probe({ source })), { code: 'source_protocol_error' })
    }
    t.strictSame(await target.soundRefs(), before)
  })
}

t.test('a target that lists a null id is in the wrong itself', async (t) => {
  const { source } = await stage(t)
  await source.commit('main')
  for (const line of [`${NULL} refs/heads/x`, `${NULL} .have`, `shallow ${NULL}`, `${NULL} refs/tags/a^{}`]) {
    const { url, close, requests } = await startFakeRemote((_, response) => {
      response.setHeader('content-type', 'application/x-git-receive-pack-advertisement')
      const first = pkt(`${ID} refs/heads/a\0report-status delete-refs agent=evil/1\n`)
      response.end(Buffer.concat([first, pkt(`${line}\n`), FLUSH]))
    })
    t.teardown(close)
    const request = { source: { url: source.url }, target: { url: url() }, policy: { prune: true } }
    t.match(await failureOf(new Client().sync(request)), { code: 'target_protocol_error' }, line)
    t.notOk(requests.some(({ method }) => method === 'POST'))
  }
})
