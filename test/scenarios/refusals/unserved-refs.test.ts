import t from 'tap'
import { actionsOf, at, failureOf, type StageOptions, stage } from '../../../testing/cases/stage.js'
import { addingRefs } from '../../../testing/faults/response-faults.js'

const HIDDEN = 'd'.repeat(40)
const HIDDEN_TOO = 'e'.repeat(40)

/** A source that lists refs whose objects it does not serve. */
function listing(protocol: 'v1' | 'v2', lines: string[]): StageOptions {
  return at('source', {
    protocol,
    handle: async ({ kind, body }) => {
      const isList = protocol === 'v1' ? kind === 'info-refs' : (await body()).includes('command=ls-refs')
      return isList ? { type: 'rewrite', transform: addingRefs(lines) } : undefined
    },
  })
}

for (const protocol of ['v1', 'v2'] as const) {
  t.test(`${protocol}: a ref that is listed twice and not served is an error that names it`, async (t) => {
    const on = await stage(t, listing(protocol, [`${HIDDEN} refs/heads/secret\n`]))
    await on.source.commit('main')
    const kept = await on.target.commit('kept')

    const error = await failureOf(on.client.sync(on.request()))

    t.equal(error.code, 'source_protocol_error')
    t.strictSame(
      error.refs?.map(({ ref }) => ref),
      ['refs/heads/secret'],
    )
    t.match(error.message, /bestEffort/)
    t.strictSame(actionsOf(error.result), { 'refs/heads/main': 'block', 'refs/heads/secret': 'block' })
    t.equal(on.source.requests.filter(({ method }) => method === 'GET').length, 2, 'it was listed twice')
    t.strictSame(await on.target.soundRefs(), { 'refs/heads/kept': kept })
  })

  t.test(`${protocol}: with best effort it is a warning, and the others are synced`, async (t) => {
    const on = await stage(
      t,
      listing(protocol, [`${HIDDEN} refs/heads/secret\n`, `${HIDDEN_TOO} refs/heads/secret-too\n`]),
    )
    await on.source.commit('main')
    await on.source.commit('next')

    const result = await on.client.sync(on.request({ policy: { bestEffort: true } }))

    t.strictSame(actionsOf(result), {
      'refs/heads/main': 'create',
      'refs/heads/next': 'create',
      'refs/heads/secret': 'warn',
      'refs/heads/secret-too': 'warn',
    })
    t.match(result.counts, { applied: 2, warned: 2 })
    t.strictSame(await on.target.soundRefs(), await on.source.refs())
  })

  t.test(`${protocol}: left out, it is no trouble`, async (t) => {
    const on = await stage(t, listing(protocol, [`${HIDDEN} refs/heads/secret\n`]))
    await on.source.commit('main')

    await on.client.sync(on.request({ scope: { excludeRefs: ['refs/heads/secret'] } }))

    t.strictSame(await on.target.soundRefs(), await on.source.refs())
  })
}

t.test('an unserved ref that the target has already is not deleted by a prune', async (t) => {
  const on = await stage(t, listing('v1', [`${HIDDEN} refs/heads/secret\n`]))
  await on.source.commit('main')
  const secret = await on.target.commit('secret')

  const result = await on.client.replicate(on.request({ policy: { bestEffort: true, prune: true } }))

  t.strictSame(actionsOf(result), { 'refs/heads/main': 'create', 'refs/heads/secret': 'warn' })
  t.equal(await on.target.head('secret'), secret)
})

t.test('a ref whose name git would not take is left out with a notice', async (t) => {
  const on = await stage(t, listing('v2', [`${HIDDEN} refs/heads/a..b\n`, `${HIDDEN} refs/heads/c.lock\n`]))
  await on.source.commit('main')

  const result = await on.client.sync(on.request(), on.watch)

  t.strictSame(actionsOf(result), { 'refs/heads/main': 'create' })
  const notices = on.events.flatMap((event) => (event.type === 'notice' ? [event.text] : []))
  t.ok(notices.some((text) => text.includes('a..b')))
  t.ok(notices.some((text) => text.includes('c.lock')))
})
