import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { TransferOptions } from '../../src/index.js'
import { fastImport } from '../../testing/git/fast-import.js'
import { git } from '../../testing/git/git.js'
import type { GitServer } from '../../testing/git/git-server.js'
import { sizedCommits } from '../../testing/git/sample-history.js'
import { createRepository } from '../../testing/git/sample-repository.js'
import type { RequestRecord } from '../../testing/packets/recording.js'
import { removeFolder } from '../../testing/temporary-folder.js'
import { cached } from '../cache.js'
import { type Budget, type Figure, figure, type Unit } from '../figure.js'
import { alternate, type Sample, valuesOf } from '../measure.js'
import type { Done } from '../processes/product.js'
import { type Remotes, startRemotes } from '../remotes.js'
import type { Bench, Scenario } from '../scenario.js'
import { makeTextHistory } from '../text-history.js'
import { thinPackBytes } from '../thin-pack.js'
import { Worker } from '../worker.js'

/** A history, and what a target accepts of it in one push. */
interface Limited {
  name: string
  /** The folder of its `source.git`. */
  root: string
  /** Bytes of its pack. */
  bytes: number
  limit: number
  /** Most bytes read from the source, in packs; none where buffers alone decide it. */
  mostRead: { told: number; untold?: number }
}

const MEGABYTE = 1_000_000
const MOST_SENT = { told: 1.15, untold: 1.5 }

/** Targets that accept a part of the repository a push, told and untold, compared with one that accepts all of it. */
export const limitedTarget: Scenario = {
  number: 8,
  title: 'a target that limits the size of a push',
  async run(bench) {
    const figures: Figure[] = []
    for (const limited of [await text(bench), await hugeBlobs(bench), await thirtyCommits()])
      figures.push(...(await compare(bench, limited)))
    return figures
  },
}

async function text({ quick }: Bench): Promise<Limited> {
  const commits = quick ? 4000 : 20_000
  const root = await cached(`text-${commits}`, async (folder) => {
    await makeTextHistory(join(folder, 'source.git'), { commits, linesPerCommit: 150 })
  })
  const bytes = await packBytes(root)
  return { name: 'text', root, bytes, limit: Math.floor(bytes / 10), mostRead: { told: 1.4, untold: 1.6 } }
}

async function hugeBlobs({ quick }: Bench): Promise<Limited> {
  const unit = quick ? 0.3 * MEGABYTE : MEGABYTE
  const sizes = [9, 16, 3, 12, 18, 2, 7, 14, 5, 11].map((units) => units * unit)
  const root = await cached(`blobs-${unit}`, (folder) => makeCommits(folder, sizes, false))
  const limit = 20 * unit
  return {
    name: 'huge blobs',
    root,
    bytes: await packBytes(root),
    limit,
    mostRead: { told: 1.4, untold: 1.6 },
  }
}

/** Each is a tenth of the limit, which is a third of all: a refusal outweighs what can be saved afterwards. */
async function thirtyCommits(): Promise<Limited> {
  const sizes = Array.from({ length: 31 }, () => 600_000)
  const root = await cached('thirty-commits', (folder) => makeCommits(folder, sizes, true))
  const bytes = await packBytes(root)
  return { name: '31 commits of 600 kB', root, bytes, limit: 6 * MEGABYTE, mostRead: { told: 1.4 } }
}

async function makeCommits(folder: string, sizes: readonly number[], merges: boolean): Promise<void> {
  const { dir } = await createRepository(join(folder, 'source.git'))
  await fastImport(dir, sizedCommits(sizes, { merges }))
}

async function packBytes(root: string): Promise<number> {
  const source = join(root, 'source.git')
  return thinPackBytes(source, [await git(source, 'rev-parse', 'main')], [])
}

async function compare(bench: Bench, { name, root, bytes, limit, mostRead }: Limited): Promise<Figure[]> {
  const limited = await startRemotes(bench, root, { 'receive.maxInputSize': String(limit) })
  const free = await startRemotes(bench, root)
  const samples = await alternate(bench.rounds, {
    told: () => sync(bench, limited, { targetMaxPackBytes: limit }),
    untold: () => sync(bench, limited, {}),
    free: () => sync(bench, free, {}),
  })
  return (['told', 'untold'] as const).flatMap((which) => {
    const is = which === 'told' ? 'told the limit' : 'not told'
    const most = { sent: MOST_SENT[which], read: mostRead[which] }
    return figuresOf(`${name}, ${is}`, samples[which], samples.free, { bytes, limit, most })
  })
}

interface Against {
  bytes: number
  limit: number
  most: { sent: number; read: number | undefined }
}

function figuresOf(name: string, ours: Sample[], free: Sample[], { bytes, limit, most }: Against): Figure[] {
  const carried = valuesOf(ours, 'carried')
  const allowed = carried.map((sum) => (1.5 * sum) / limit + 1)
  const repository = { name: 'the repository', values: ours.map(() => bytes) }
  const ratio = (value: number): { budget: Budget } => ({ budget: { of: 'ratio', most: value } })
  const bytesIn = (measure: string, key: string) => {
    const unit: Unit = 'B'
    return { case: name, measure, unit, ours: valuesOf(ours, key) }
  }
  return [
    figure({
      case: name,
      measure: 'accepted pushes',
      unit: 'count',
      ours: valuesOf(ours, 'accepted'),
      baseline: { name: '1.5 x bytes / limit + 1', values: allowed },
      ...ratio(1),
    }),
    figure({ case: name, measure: 'pushes in all', unit: 'count', ours: valuesOf(ours, 'pushes') }),
    figure({
      ...bytesIn('bytes sent', 'sent'),
      baseline: { name: 'bytes of accepted pushes', values: carried },
      ...ratio(most.sent),
    }),
    figure({
      ...bytesIn('bytes read from the source', 'read'),
      baseline: repository,
      ...(most.read === undefined ? {} : ratio(most.read)),
    }),
    figure({ ...bytesIn('bytes that the source wrote', 'written'), baseline: repository }),
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
  remotes.source.resetRequests()
  const { seconds, stats } = await product.call<Done>('run', 'sync', remotes.request(name, { options }))
  await product.stop()
  const pushes = remotes.target.requests.filter(isPush)
  await removeFolder(remotes.targetDir(name))
  return {
    seconds,
    pushes: pushes.length,
    accepted: accepted.size,
    carried: sum(accepted),
    sent: sum(pushes),
    read: stats.sides?.find(({ label }) => label === 'source')?.bytes ?? Number.NaN,
    written: remotes.source.requests.reduce((bytes, { responseBytes }) => bytes + responseBytes, 0),
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
