import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import type { SyncPolicy } from '../../src/index.js'
import { git } from '../../testing/git/git.js'
import { Repository } from '../../testing/git/sample-repository.js'
import { removeFolder, temporaryFolder } from '../../testing/temporary-folder.js'
import { cached } from '../cache.js'
import { type Figure, figure } from '../figure.js'
import { alternate, type Sample, timed, valuesOf } from '../measure.js'
import type { Done } from '../processes/product.js'
import { bytesOf, type Remotes, startRemotes } from '../remotes.js'
import type { Bench, Scenario } from '../scenario.js'
import { makeTextHistory } from '../text-history.js'
import { thinPackBytes } from '../thin-pack.js'
import { Worker } from '../worker.js'

interface Case {
  name: string
  change(source: Repository): Promise<unknown>
  policy: SyncPolicy
}

const PLAIN = 'update by 10 commits'
/** Most bytes beside the thin pack; where updates may be forced, the proof reads the commits between. */
const OVER = { plain: 2048, forced: 4096 }

const cases: readonly Case[] = [
  { name: PLAIN, change: (source) => source.addCommits('main', 10), policy: {} },
  { name: 'forced over 10 commits', change: rewrite, policy: { force: true } },
  { name: 'replicate over 10 commits', change: rewrite, policy: { mode: 'replicate' } },
  {
    name: 'update and prune',
    change: async (source) => {
      await source.addCommits('main', 10)
      await source.delete('old')
    },
    policy: { prune: true },
  },
  {
    name: 'tag moved',
    change: async (source) => {
      await source.addCommits('main', 10)
      await source.tag('nightly', 'main', { annotated: true })
    },
    policy: { includeTags: true, force: true },
  },
]

/** Updates by 10 commits, of every kind: compared with the thin pack that git would make, and a mirror kept by hand. */
export const updates: Scenario = {
  number: 3,
  title: 'updates by 10 commits',
  async run(bench) {
    const commits = bench.quick ? 4000 : 100_000
    const base = await cached(`updates-${commits}`, (folder) => makeBase(join(folder, 'source.git'), commits))
    const product = await Worker.start('product', bench, { isProduct: true })
    const stages: Stage[] = []
    for (const each of cases) stages.push(await prepare(bench, product, base, each))
    for (const { sync } of stages) await sync()
    const samples = await alternate(bench.rounds, {
      ...Object.fromEntries(stages.map(({ name, sync }) => [name, sync])),
      ...Object.fromEntries(stages.map(({ name, mirror }) => [mirrorOf(name), mirror])),
    })
    await product.stop()
    return stages.flatMap((each) => figuresOf(each, samples))
  },
}

/** A case with its remotes. */
interface Stage {
  name: string
  isForced: boolean
  /** Bytes of the thin pack that git would make. */
  thin: number
  sync(): Promise<Sample>
  mirror(): Promise<Sample>
}

const mirrorOf = (name: string) => `${name}, by a mirror`

async function makeBase(dir: string, commits: number): Promise<void> {
  const repository = await makeTextHistory(dir, { commits, linesPerCommit: 10 })
  await repository.branch('old', await repository.head('main'))
  await repository.tag('nightly', 'main~20', { annotated: true })
  await git(dir, 'gc', '--quiet')
}

/** Replaces the last 10 commits by 10 others. */
async function rewrite(source: Repository): Promise<void> {
  await source.branch('main', await git(source.dir, 'rev-parse', 'main~10'))
  await source.addCommits('main', 10)
}

async function prepare(
  bench: Bench,
  product: Worker,
  base: string,
  { name, change, policy }: Case,
): Promise<Stage> {
  const root = await temporaryFolder()
  bench.cleanup.add(() => removeFolder(root))
  const before = join(base, 'source.git')
  const source = new Repository(join(root, 'source.git'))
  await cp(before, source.dir, { recursive: true })
  await change(source)
  const [wanted, held] = [await source.refs(), await new Repository(before).refs()]
  const remotes = await startRemotes(bench, root)
  return {
    name,
    isForced: policy.force === true || policy.mode === 'replicate',
    thin: await thinPackBytes(source.dir, Object.values(wanted), Object.values(held)),
    sync: () => sync(remotes, product, before, policy),
    mirror: () => mirror(remotes, before),
  }
}

function figuresOf({ name, isForced, thin }: Stage, samples: Record<string, Sample[]>): Figure[] {
  const of = (measure: string, contender = name) => valuesOf(samples[contender] ?? [], measure)
  const time = (baseline: string, contender: string) => ({
    case: name,
    measure: 'time',
    unit: 's' as const,
    ours: of('seconds'),
    baseline: { name: baseline, values: of('seconds', contender) },
  })
  const over = (side: string): Figure =>
    figure({
      case: name,
      measure: `${side} bytes over the thin pack`,
      unit: 'B',
      ours: of(side).map((bytes) => bytes - thin),
      budget: { of: 'worst', most: isForced ? OVER.forced : OVER.plain },
    })
  return [
    figure(time('git fetch, git push --mirror', mirrorOf(name))),
    ...(isForced ? [figure({ ...time('a plain update', PLAIN), budget: { of: 'ratio', most: 1.5 } })] : []),
    over('source'),
    over('target'),
    figure({ case: name, measure: 'thin pack', unit: 'B', ours: [thin] }),
    figure({ case: name, measure: 'requests', unit: 'count', ours: of('requests') }),
    figure({
      case: name,
      measure: 'packs fetched',
      unit: 'count',
      ours: of('packs'),
      budget: { of: 'worst', most: 1 },
    }),
  ]
}

async function sync(remotes: Remotes, product: Worker, before: string, policy: SyncPolicy): Promise<Sample> {
  const target = await remotes.newTarget(before)
  remotes.source.resetRequests()
  remotes.target.resetRequests()
  const { seconds, stats } = await product.call<Done>('run', 'sync', remotes.request(target, { policy }))
  await removeFolder(remotes.targetDir(target))
  return {
    seconds,
    source: bytesOf(remotes.source),
    target: bytesOf(remotes.target),
    requests: remotes.source.requests.length + remotes.target.requests.length,
    packs: stats.items['source git-upload-pack fetch']?.requests ?? 0,
  }
}

/** What a script around git does, with a mirror on disk that it made the time before. */
async function mirror(remotes: Remotes, before: string): Promise<Sample> {
  const target = await remotes.newTarget(before)
  const folder = await temporaryFolder()
  await cp(before, folder, { recursive: true })
  const { source, target: to } = remotes.request(target)
  const seconds = await timed(async () => {
    await git(folder, 'fetch', '--quiet', '--prune', source.url, '+refs/*:refs/*')
    await git(folder, 'push', '--quiet', '--mirror', to.url)
  })
  await removeFolder(folder)
  await removeFolder(remotes.targetDir(target))
  return { seconds }
}
