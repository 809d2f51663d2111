import t from 'tap'
import { type Stage, stage } from '../../../testing/cases/stage.js'
import { fastImport } from '../../../testing/git/fast-import.js'
import { gitBytes } from '../../../testing/git/git-bytes.js'
import { sizedCommits } from '../../../testing/git/sample-history.js'

const MEGABYTE = 1_000_000
const times = (count: number, size: number) => Array.from({ length: count }, () => size)

const histories = {
  'some thirty commits of a tenth of the limit, with merges': {
    limit: 6 * MEGABYTE,
    commits: sizedCommits(times(31, 600_000), { merges: true }),
  },
  'a few huge blobs': {
    limit: 6 * MEGABYTE,
    commits: sizedCommits([27, 48, 9, 36, 54, 6, 21, 42, 15, 33].map((size) => (size * MEGABYTE) / 10)),
  },
  'many small commits': { limit: MEGABYTE, commits: sizedCommits(times(400, 25_000)) },
}

for (const [name, { limit, commits }] of Object.entries(histories)) {
  t.test(name, async (t) => {
    const on = await stage(t, { target: { config: { 'receive.maxInputSize': String(limit) } } })
    await fastImport(on.source.dir, commits)
    const repository = await packSize(on.source.dir)

    const told = await bytesOf(on, { targetMaxPackBytes: limit })
    t.ok(told.read <= repository * 1.4, `told, ${told.read} bytes were read of ${repository}`)
    t.ok(told.sent <= repository * 1.15, `told, ${told.sent} bytes were sent of ${repository}`)

    await on.target.setRefs({})
    await on.target.forget()
    const untold = await bytesOf(on, {})
    t.ok(untold.sent <= repository * 1.5, `not told, ${untold.sent} bytes were sent of ${repository}`)
    for (const { accepted } of [told, untold])
      t.ok(accepted <= (1.5 * repository) / limit + 1, `${accepted} pushes were accepted`)
  })
}

async function bytesOf({ source, target, client, request }: Stage, options: { targetMaxPackBytes?: number }) {
  target.server.resetRequests()
  const result = await client.sync(request({ options, collectStats: true }))
  const read = result.stats.sides?.find(({ label }) => label === 'source')?.bytes ?? Number.NaN
  const pushes = target.requests.filter(({ path }) => path.endsWith('/git-receive-pack'))
  const sent = pushes.reduce((sum, { requestBytes }) => sum + requestBytes, 0)
  if ((await target.head('main')) !== (await source.head('main'))) throw new Error('main did not arrive')
  return { read, sent, accepted: result.execution.batch.done }
}

async function packSize(dir: string): Promise<number> {
  const input = 'refs/heads/main\n'
  return (await gitBytes({ input }, '-C', dir, 'pack-objects', '--revs', '--stdout', '-q')).length
}
