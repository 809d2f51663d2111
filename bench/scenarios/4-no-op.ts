import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { git } from '../../testing/git/git.js'
import { createRepository } from '../../testing/git/sample-repository.js'
import { cached } from '../cache.js'
import { type Figure, figure } from '../figure.js'
import { goFigures, goRun } from '../go-program.js'
import { alternate, timed, valuesOf } from '../measure.js'
import type { Done } from '../processes/product.js'
import { startRemotes } from '../remotes.js'
import type { Bench, Scenario } from '../scenario.js'
import { cpuOfShell } from '../shell.js'
import { turnFigures, turnOf } from '../turns.js'
import { MIB } from '../units.js'
import { Worker } from '../worker.js'

const WARM_UPS = 3
const MANY = 1_000_000

/** Nothing to do, which is what most syncs find: beside listing both sides with git. */
export const noOp: Scenario = {
  number: 4,
  title: 'no-op, by number of refs',
  async run(bench) {
    const sizes = bench.quick ? [10, 1000, 10_000] : [10, 1000, 50_000]
    const figures: Figure[] = []
    for (const refs of sizes) figures.push(...(await measure(bench, refs)))
    if (!bench.quick) figures.push(...(await measureMany(bench, MANY)))
    return figures
  },
}

async function measure(bench: Bench, refs: number): Promise<Figure[]> {
  const root = await cached(`refs-${refs}`, (folder) => makeRefs(folder, refs))
  const remotes = await startRemotes(bench, root)
  const target = await remotes.newTarget(join(root, 'source.git'))
  const request = remotes.request(target)
  const urls = [request.source.url, request.target.url]

  const samples = await alternate(bench.rounds, {
    sync: async () => {
      const product = await Worker.start('product', bench, { isProduct: true })
      const idle = await product.usage()
      const cold = await product.call<Done>('run', 'sync', request)
      if (cold.counts.skipped !== refs)
        throw new Error(`${cold.counts.skipped} refs were up to date, not ${refs}`)
      const first = await product.usage()
      // A service has done this before: its code is compiled.
      for (let warm = 1; warm < WARM_UPS; warm++) await product.call<Done>('run', 'sync', request)
      const { seconds } = await product.call<Done>('run', 'sync', request)
      const last = await product.usage()
      await product.stop()
      const requests = Object.values(cold.stats.items).reduce((sum, item) => sum + item.requests, 0)
      const over = (first.peakRssBytes - idle.rssBytes) / MIB
      const overLater = (last.peakRssBytes - idle.rssBytes) / MIB
      return { seconds, requests, over, overLater }
    },
    list: async () => ({
      seconds: await timed(async () => {
        for (const url of urls) await git(root, 'ls-remote', url)
      }),
    }),
    go: () => goRun(bench, request),
  })

  const name = `${refs} refs`
  const time = { case: name, measure: 'time', unit: 's', ours: valuesOf(samples.sync, 'seconds') } as const
  return [
    figure({
      ...time,
      baseline: { name: 'git ls-remote, twice', values: valuesOf(samples.list, 'seconds') },
      budget: { of: 'ratio', most: 1 },
    }),
    ...goFigures(bench, time, samples.go),
    figure({
      case: name,
      measure: 'requests',
      unit: 'count',
      ours: valuesOf(samples.sync, 'requests'),
      budget: { of: 'worst', most: 3 },
    }),
    figure({
      case: name,
      measure: 'peak memory over idle',
      unit: 'MiB',
      ours: valuesOf(samples.sync, 'over'),
      budget: { of: 'worst', most: 100 },
    }),
    figure({
      case: name,
      // V8 leaves what they have left behind for a while.
      measure: `the same, after ${WARM_UPS} more`,
      unit: 'MiB',
      ours: valuesOf(samples.sync, 'overLater'),
    }),
  ]
}

/** First runs of a process, for a caller that needs no skipped refs. */
async function measureMany(bench: Bench, refs: number): Promise<Figure[]> {
  const root = await cached(`refs-${refs}`, (folder) => makeRefs(folder, refs))
  const remotes = await startRemotes(bench, root)
  const target = await remotes.newTarget(join(root, 'source.git'))
  const request = remotes.request(target, { options: { omitSkipped: true } })
  const samples = await alternate(bench.rounds, {
    sync: async () => {
      const product = await Worker.start('product', bench, { isProduct: true })
      const idle = await product.usage()
      const { seconds, cpuSeconds, counts, turn } = await product.call<Done>('run', 'sync', request)
      if (counts.skipped !== refs) throw new Error(`${counts.skipped} refs were up to date, not ${refs}`)
      const { peakRssBytes } = await product.usage()
      await product.stop()
      return { seconds, cpu: cpuSeconds, ...turnOf(turn), bytes: (peakRssBytes - idle.rssBytes) / refs }
    },
    list: async () => ({
      seconds: await timed(async () => {
        for (const { url } of [request.source, request.target])
          await cpuOfShell(`git ls-remote '${url}' > /dev/null`)
      }),
    }),
  })
  const of = (measure: string) => valuesOf(samples.sync, measure)
  const name = `${refs} refs`
  return [
    figure({
      case: name,
      measure: 'time',
      unit: 's',
      ours: of('seconds'),
      baseline: { name: 'git ls-remote, twice', values: valuesOf(samples.list, 'seconds') },
    }),
    figure({ case: name, measure: 'CPU of git-sync', unit: 's', ours: of('cpu') }),
    figure({
      case: name,
      measure: 'memory over idle, a ref',
      unit: 'B',
      ours: of('bytes'),
      budget: { of: 'worst', most: 250 },
    }),
    ...turnFigures(name, samples.sync),
  ]
}

/** Branches on a few commits, packed as a server would have them: git would make a file of each first. */
async function makeRefs(folder: string, refs: number): Promise<void> {
  const repository = await createRepository(join(folder, 'source.git'))
  const { dir } = repository
  await repository.addCommits('main', 100)
  await git(dir, 'gc', '--quiet')
  const commits = (await git(dir, 'rev-list', 'main')).split('\n')
  const line = (_: unknown, ref: number) =>
    `${commits[ref % commits.length]} refs/heads/topic/${String(ref).padStart(6, '0')}\n`
  await appendFile(join(dir, 'packed-refs'), Array.from({ length: refs - 1 }, line).join(''))
}
