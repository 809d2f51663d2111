import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { TransferOptions } from '../../src/index.js'
import { git } from '../../testing/git/git.js'
import type { GitServer } from '../../testing/git/git-server.js'
import type { RequestRecord } from '../../testing/packets/recording.js'
import { removeFolder } from '../../testing/temporary-folder.js'
import { cached } from '../cache.js'
import { type Figure, figure } from '../figure.js'
import { alternate, type Sample, valuesOf } from '../measure.js'
import type { Done } from '../processes/product.js'
import { type Remotes, startRemotes } from '../remotes.js'
import type { Bench, Scenario } from '../scenario.js'
import { makeTextHistory } from '../text-history.js'
import { thinPackBytes } from '../thin-pack.js'
import { Worker } from '../worker.js'

/** A target that takes a tenth of the repository a push, told and untold: beside one that takes all of it. */
export const limitedTarget: Scenario = {
  number: 8,
  title: 'a target that takes a tenth of the repository a push',
  async run(bench) {
    const commits = bench.quick ? 4000 : 20_000
    const history = { commits, linesPerCommit: 150 }
    const root = await cached(`text-${commits}`, (folder) =>
      makeTextHistory(join(folder, 'source.git'), history),
    )
    const source = join(root, 'source.git')
    const whole = await thinPackBytes(source, [await git(source, 'rev-parse', 'main')], [])
    const limit = Math.floor(whole / 10)
    const limited = await startRemotes(bench, root, { 'receive.maxInputSize': String(limit) })
    const free = await startRemotes(bench, root)
    const samples = await alternate(bench.rounds, {
      told: () => sync(bench, limited, { targetMaxPackBytes: limit }),
      untold: () => sync(bench, limited, {}),
      free: () => sync(bench, free, {}),
    })
    return [
      ...figures('told the limit', samples.told, samples.free, limit, 1.3),
      ...figures('not told', samples.untold, samples.free, limit, 1.5),
    ]
  },
}

function figures(name: string, ours: Sample[], free: Sample[], limit: number, mostSent: number): Figure[] {
  const carried = valuesOf(ours, 'carried')
  const allowed = carried.map((bytes) => (1.5 * bytes) / limit + 1)
  return [
    figure({
      case: name,
      measure: 'accepted pushes',
      unit: 'count',
      ours: valuesOf(ours, 'accepted'),
      baseline: { name: '1.5 x bytes / limit + 1', values: allowed },
      budget: { of: 'ratio', most: 1 },
    }),
    figure({
      case: name,
      measure: 'pushes in all',
      unit: 'count',
      ours: valuesOf(ours, 'pushes'),
    }),
    figure({
      case: name,
      measure: 'bytes sent',
      unit: 'B',
      ours: valuesOf(ours, 'sent'),
      baseline: { name: 'bytes of accepted pushes', values: carried },
      budget: { of: 'ratio', most: mostSent },
    }),
    figure({
      case: name,
      measure: 'time',
      unit: 's',
      ours: valuesOf(ours, 'seconds'),
      baseline: { name: 'a target without a limit', values: valuesOf(free, 'seconds') },
    }),
  ]
}

async function sync(bench: Bench, remotes: Remotes, options: TransferOptions): Promise<Sample> {
  const name = await remotes.newTarget()
  const product = await Worker.start('product', bench, { isProduct: true })
  const accepted = watchReports(remotes.target)
  remotes.target.resetRequests()
  const { seconds } = await product.call<Done>('run', 'sync', remotes.request(name, { options }))
  await product.stop()
  const pushes = remotes.target.requests.filter(isPush)
  await removeFolder(remotes.targetDir(name))
  return {
    seconds,
    pushes: pushes.length,
    accepted: accepted.size,
    carried: sum(accepted),
    sent: sum(pushes),
  }
}

/** The pushes whose report says that their pack was taken. */
function watchReports(server: GitServer): Set<RequestRecord> {
  const accepted = new Set<RequestRecord>()
  server.intercept = (_request, response, next) => {
    const entry = server.requests.at(-1) as RequestRecord
    if (isPush(entry)) onUnpacked(response, () => accepted.add(entry))
    next()
  }
  return accepted
}

function onUnpacked(response: ServerResponse, tell: () => void): void {
  const { write } = response
  response.write = ((...args: Parameters<typeof write>) => {
    if (Buffer.from(args[0] as Buffer).includes('unpack ok')) tell()
    return Reflect.apply(write, response, args)
  }) as typeof write
}

function isPush({ method, service }: RequestRecord): boolean {
  return method === 'POST' && service === 'git-receive-pack'
}

function sum(pushes: Iterable<RequestRecord>): number {
  let bytes = 0
  for (const { requestBytes } of pushes) bytes += requestBytes
  return bytes
}
