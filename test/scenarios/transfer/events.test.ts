import t from 'tap'
import type { RunEvent } from '../../../src/index.js'
import { failureOf, stage } from '../../../testing/cases/stage.js'
import { holdAfter } from '../../../testing/faults/response-faults.js'

const types = (events: readonly RunEvent[]) => events.map(({ type }) => type)

t.test('a sync tells what it found, then its plan, then its progress', async (t) => {
  const { source, target, client, request, events, watch } = await stage(t)
  await source.commit('main')
  await source.commit('next')
  await target.commit('theirs')

  await client.sync(request(), watch)

  const discovered = events.filter((event) => event.type === 'discovered')
  t.strictSame(
    discovered.sort((a, b) => a.side.localeCompare(b.side)),
    [
      { type: 'discovered', side: 'source', protocol: 'v2', refs: 2, head: 'refs/heads/main' },
      { type: 'discovered', side: 'target', protocol: 'v1', refs: 1 },
    ],
  )
  t.strictSame(types(events.slice(0, 3)), ['discovered', 'discovered', 'planned'])
  t.strictSame(events[2], {
    type: 'planned',
    create: 2,
    update: 0,
    forced: 0,
    delete: 0,
    skip: 0,
    block: 0,
    transferMode: 'bootstrap',
  })
  t.ok(types(events).indexOf('progress') > 2)
  t.notOk(types(events.slice(3)).some((type) => type === 'discovered' || type === 'planned'))
})

t.test('the bytes of a relay are told while they pass, and the phases in their order', async (t) => {
  const held = holdAfter(150_000)
  const { source, client, request, events } = await stage(t, {
    source: {
      handle: ({ kind, index }) =>
        kind === 'call' && index === 1 ? { type: 'rewrite', transform: held.transform } : undefined,
    },
  })
  await source.bigHistory({ commits: 10, bytesPerCommit: 50_000 })
  const onEvent = (event: RunEvent) => {
    events.push(event)
    if (event.type === 'progress' && event.targetBytes > 50_000) held.release()
  }

  await client.sync(request(), { onEvent })

  const progress = events.filter((event) => event.type === 'progress')
  t.ok(progress.length >= 2)
  const middle = progress.find(({ targetBytes }) => targetBytes > 50_000)
  t.ok(middle && middle.targetBytes <= middle.sourceBytes && middle.sourceBytes <= 150_000)
  t.match(middle, { phase: 'relay', objects: { total: 30 }, bytesPerSecond: Number })
  const phases = progress.map(({ phase }) => phase)
  t.strictSame(
    phases,
    [...phases].sort((a, b) => order.indexOf(a) - order.indexOf(b)),
  )
})

const order = ['prove', 'relay', 'confirm']

t.test('progress is told at most every 250 ms', async (t) => {
  const { source, client, request } = await stage(t)
  await source.bigHistory({ commits: 30, bytesPerCommit: 300_000 })
  const times: number[] = []

  await client.sync(request(), {
    onEvent: ({ type }) => {
      if (type === 'progress') times.push(performance.now())
    },
  })

  const gaps = times.slice(1).map((time, index) => time - (times[index] as number))
  t.ok(times.length > 0)
  t.ok(
    gaps.every((gap) => gap >= 245),
    gaps.join(' '),
  )
})

t.test('what the remotes say is passed on line by line, with its side', async (t) => {
  const { source, target, client, request, events, watch } = await stage(t)
  await target.hook('pre-receive', 'echo "welcome to the target" >&2; printf "two\\nlines\\n" >&2')
  await source.addCommits('main', 30)

  await client.sync(request(), watch)

  const said = (side: string) =>
    events.flatMap((event) => (event.type === 'remote' && event.side === side ? [event.text] : []))
  t.ok(
    said('source').some((text) => /objects/.test(text)),
    said('source').join('\n'),
  )
  t.strictSame(
    said('target').filter((text) => /welcome|two|lines/.test(text)),
    ['welcome to the target', 'two', 'lines'],
  )
  t.notOk([...said('source'), ...said('target')].some((text) => /[\r\n]/.test(text)))
})

t.test(
  'what a hook says after the refs have moved is passed on too, and the hook runs to its end',
  async (t) => {
    const { source, target, client, request, events, watch } = await stage(t)
    await target.hook(
      'post-receive',
      'sleep 0.3; echo "see http://example.org/merge" >&2; git update-ref refs/ran/it HEAD',
    )
    await source.commit('main')

    await client.sync(request(), watch)

    t.ok(
      events.some((event) => event.type === 'remote' && event.text === 'see http://example.org/merge'),
      'the last words of the target',
    )
    await target.server.idle()
    t.equal((await target.refs())['refs/ran/it'], await source.head('main'))
  },
)

t.test('an absent branch is a notice', async (t) => {
  const { source, client, request, events, watch } = await stage(t)
  await source.commit('main')

  await client.sync(request({ scope: { branches: ['main', 'gone'] } }), watch)

  const notices = events.flatMap((event) => (event.type === 'notice' ? [event.text] : []))
  t.equal(notices.length, 1)
  t.match(notices[0], /refs\/heads\/gone/)
})

t.test('a plan and a no-op tell no relay', async (t) => {
  const { source, client, request, events, watch } = await stage(t)
  await source.commit('main')
  await client.plan(request(), watch)
  t.strictSame(types(events), ['discovered', 'discovered', 'planned'])
  await client.sync(request())
  events.length = 0
  await client.sync(request(), watch)
  t.strictSame(types(events), ['discovered', 'discovered', 'planned'])
  t.match(events[2], { transferMode: 'none', skip: 1 })
})

t.test(
  'a replicate whose proofs run beside the relay leaves forced out of its plan, not of its result',
  async (t) => {
    const { source, target, client, request, events, watch } = await stage(t)
    await source.commit('main')
    await source.commit('other')
    await client.sync(request())
    await source.commit('main')
    await target.commit('other')

    const { plan } = await client.replicate(request(), watch)

    const planned = events.find((event) => event.type === 'planned')
    t.match(planned, { update: 2 })
    t.notOk(planned && 'forced' in planned)
    t.match(plan, { update: 2, forced: 1 })
  },
)

t.test('a blocked run has told its plan', async (t) => {
  const { source, target, client, request, events, watch } = await stage(t)
  await source.commit('main')
  await target.commit('main', { parents: [], message: 'other' })

  await failureOf(client.sync(request(), watch))

  t.match(events.at(-1), { type: 'planned', block: 1, transferMode: 'none' })
})

t.test('nothing is told after a run has ended', async (t) => {
  const { source, client, request } = await stage(t)
  await source.bigHistory({ commits: 10, bytesPerCommit: 50_000 })
  let ended = false
  const late: RunEvent[] = []

  await client.sync(request(), { onEvent: (event) => ended && late.push(event) })
  ended = true
  await client.plan(request())

  t.strictSame(late, [])
})
