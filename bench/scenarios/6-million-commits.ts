import { join } from 'node:path'
import { commitCommands, fastImport } from '../../testing/git/fast-import.js'
import { git } from '../../testing/git/git.js'
import { createRepository } from '../../testing/git/sample-repository.js'
import { cached } from '../cache.js'
import { type Figure, figure } from '../figure.js'
import { alternate, type Sample, timed, valuesOf } from '../measure.js'
import type { GraphRead } from '../processes/graph.js'
import type { Done } from '../processes/product.js'
import { startRemotes } from '../remotes.js'
import type { Bench, Scenario } from '../scenario.js'
import { cpuOfShell } from '../shell.js'
import { MIB } from '../units.js'
import { Worker } from '../worker.js'

/** A target that is a million commits behind: proving that, and the graph that a transfer in batches is split by. */
export const millionCommits: Scenario = {
  number: 6,
  title: 'a fast-forward over a million commits',
  async run(bench) {
    const commits = bench.quick ? 100_000 : 1_000_000
    const root = await cached(`line-${commits}`, (folder) => makeLine(folder, commits))
    return [...(await proof(bench, root, commits)), ...(await graph(bench, root, commits))]
  },
}

/** A line of commits, every tenth a merge; the pack of its commits alone; and a target at its first commit. */
async function makeLine(folder: string, commits: number): Promise<void> {
  const { dir } = await createRepository(join(folder, 'source.git'))
  await fastImport(dir, lineOf(commits), { compression: 6, depth: 50 })
  await git(dir, 'commit-graph', 'write', '--reachable')
  const select = `git -C '${dir}' rev-list --all | git -C '${dir}' pack-objects -q --stdout`
  await cpuOfShell(`${select} > commits.pack`, folder)
  const first = await git(dir, 'rev-list', '--max-parents=0', 'main')
  const target = await createRepository(join(folder, 'target.git'))
  await git(target.dir, 'fetch', '--quiet', '--depth=1', `file://${dir}`, `${first}:refs/heads/main`)
}

function* lineOf(commits: number): Generator<string | Buffer> {
  for (let number = 1; number <= commits; number++) {
    yield* commitCommands({
      ref: 'refs/heads/main',
      mark: `:${number}`,
      parents: number % 10 === 0 ? [`:${number - 1}`, `:${number - 9}`] : [],
      message: `commit ${number}\n`,
      date: 1_000_000_000 + number * 60,
      files: number === 1 ? { 'file.txt': 'contents\n' } : {},
    })
  }
}

async function proof(bench: Bench, root: string, commits: number): Promise<Figure[]> {
  const remotes = await startRemotes(bench, root)
  const source = join(root, 'source.git')
  const request = remotes.request(await remotes.newTarget(join(root, 'target.git')))
  const product = await Worker.start('product', bench, { isProduct: true })
  const [tip, first] = [
    await git(source, 'rev-parse', 'main'),
    await git(join(root, 'target.git'), 'rev-parse', 'main'),
  ]
  const samples = await alternate(bench.rounds, {
    plan: async () => {
      const { seconds, stats, plan } = await product.call<Done>('run', 'plan', request)
      if (plan.update !== 1 || plan.forced !== 0) throw new Error('the fast-forward was not proven')
      const { requestBytes = 0, responseBytes = 0 } = stats.items['source git-upload-pack prove'] ?? {}
      return { seconds, bytes: requestBytes + responseBytes }
    },
    mergeBase: async () => ({
      seconds: await timed(() => git(source, 'merge-base', '--is-ancestor', first, tip)),
    }),
  })
  await product.stop()
  const name = `proof over ${commits} commits`
  return [
    figure({
      case: name,
      measure: 'bytes',
      unit: 'B',
      ours: valuesOf(samples.plan, 'bytes'),
      budget: { of: 'worst', most: 1023 },
    }),
    figure({
      case: name,
      measure: 'time of the whole plan',
      unit: 's',
      ours: valuesOf(samples.plan, 'seconds'),
      baseline: { name: 'git merge-base in the source', values: valuesOf(samples.mergeBase, 'seconds') },
    }),
  ]
}

async function graph(bench: Bench, root: string, commits: number): Promise<Figure[]> {
  const source = join(root, 'source.git')
  const samples = await alternate(bench.rounds, {
    read: () => readGraph(bench, root, commits),
    revList: async () => {
      const { seconds } = await cpuOfShell('git rev-list --parents main > /dev/null', source)
      return { speed: commits / seconds }
    },
  })
  const name = `graph of ${commits} commits`
  return [
    figure({
      case: name,
      measure: 'commits a second',
      unit: '/s',
      ours: valuesOf(samples.read, 'speed'),
      baseline: { name: 'git rev-list --parents', values: valuesOf(samples.revList, 'speed') },
      budget: { of: 'median', least: 60_000 },
    }),
    figure({
      case: name,
      measure: 'peak memory over idle',
      unit: 'MiB',
      ours: valuesOf(samples.read, 'over'),
      budget: { of: 'worst', most: 200 },
    }),
  ]
}

async function readGraph(bench: Bench, root: string, commits: number): Promise<Sample> {
  const worker = await Worker.start('graph', bench, { isProduct: true })
  const idle = await worker.usage()
  const read = await worker.call<GraphRead>('read', join(root, 'commits.pack'), join(root, 'source.git'))
  if (read.commits !== commits) throw new Error(`the graph has ${read.commits} commits, not ${commits}`)
  const { peakRssBytes } = await worker.usage()
  await worker.stop()
  return { speed: commits / read.seconds, over: (peakRssBytes - idle.rssBytes) / MIB }
}
