import t from 'tap'
import { at, failureOf, type Stage, type StageOptions, stage } from '../../../testing/cases/stage.js'
import { mapPackets } from '../../../testing/faults/response-faults.js'
import { linesOf, readPush } from '../../../testing/packets/packets.js'
import { pkt } from '../../../testing/packets/wire.js'

const capabilities = [
  'side-band-64k',
  'ofs-delta',
  'report-status-v2',
  'delete-refs',
  'atomic',
  'agent',
  'quiet',
]

/** A target that does not offer these, and everything that is pushed to it. */
function lacking(names: readonly string[], pushes: Buffer[] = []): StageOptions {
  const strike = (line: string) =>
    names.reduce((left, name) => left.replace(new RegExp(`(?<=[\\0 ])${name}(=\\S+)?(?= |\\n|$)`), ''), line)
  const changed = () =>
    mapPackets(({ raw, payload }) => (payload?.includes(0) ? pkt(strike(payload.toString())) : raw))
  return at('target', {
    handle: async ({ kind, body }) => {
      if (kind === 'info-refs') return { type: 'rewrite', transform: changed() }
      pushes.push(await body())
      return undefined
    },
  })
}

const lists = [
  ['side-band-64k'],
  ['ofs-delta'],
  ['report-status-v2'],
  ['report-status-v2', 'report-status'],
  ['delete-refs', 'atomic', 'agent', 'quiet'],
  capabilities,
]
for (const missing of lists) {
  t.test(`a target without ${missing.join(', ')} takes creates and updates`, async (t) => {
    const pushes: Buffer[] = []
    const on = await stage(t, lacking(missing, pushes))
    await twice(on)
    t.strictSame(await on.target.soundRefs(), await on.source.refs())
    for (const push of pushes) {
      const chosen = readPush(push).capabilities.map((capability) => capability.split('=')[0])
      const unasked = missing.filter((name) => name !== 'report-status')
      t.strictSame(
        chosen.filter((name) => unasked.includes(name ?? '')),
        [],
        'it is asked for nothing that it did not offer',
      )
    }
  })
}

t.test('ofs-delta is asked of the source only if the target takes it', async (t) => {
  const asked: string[][] = []
  const sourceSide = at('source', {
    handle: async ({ kind, body }) => {
      if (kind === 'call') asked.push(linesOf(await body()))
      return undefined
    },
  })
  for (const names of [['ofs-delta'], []]) {
    asked.length = 0
    await twice(await stage(t, { ...lacking(names), ...sourceSide }))
    t.equal(asked.at(-1)?.includes('ofs-delta'), names.length === 0)
  }
})

t.test('what a target cannot do is unsupported before anything is sent', async (t) => {
  const on = await stage(t, lacking(['delete-refs', 'atomic', 'push-options']))
  await on.source.commit('main')
  const kept = await on.target.commit('kept')
  const cases = [
    { policy: { prune: true }, hint: /prune/ },
    { policy: { atomic: true }, hint: /atomic/ },
    { policy: {}, options: { pushOptions: ['ci.skip'] }, hint: /pushOptions/ },
  ]

  for (const { hint, ...parts } of cases) {
    const error = await failureOf(on.client.sync(on.request(parts)))
    t.equal(error.code, 'unsupported')
    t.match(error.message, hint)
    t.equal(error.result?.execution.dryRun, true)
  }
  t.notOk(on.target.requests.some(({ method }) => method === 'POST'))
  t.strictSame(await on.target.soundRefs(), { 'refs/heads/kept': kept })
})

async function twice({ source, client, request }: Stage) {
  await source.addCommits('main', 5)
  await source.commit('other')
  await client.sync(request())
  await source.addCommits('main', 3)
  await client.sync(request())
}
