import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import type { SyncRequest } from '../../src/index.js'
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

/** What the table holds against the whole repository: a hundredth of it, or what 10 commits are, is in proportion. */
const SHARE = 0.01

const cases: { name: string; branch: string; parts: Partial<SyncRequest> }[] = [
  { name: 'last 10 commits replaced', branch: 'main', parts: { policy: { force: true } } },
  { name: 'a new branch, all old tips gone', branch: 'topic', parts: { scope: { branches: ['topic'] } } },
]

/** History rewritten at a source that has forgotten the old tip: beside sending the repository again. */
export const rewritten: Scenario = {
  number: 7,
  title: 'history rewritten, the old tip forgotten',
  async run(bench) {
    const commits = bench.quick ? 4000 : 20_000
    const history = { commits, linesPerCommit: 150 }
    const base = await cached(`text-${commits}`, (folder) =>
      makeTextHistory(join(folder, 'source.git'), history),
    )
    const root = await cached(`rewritten-${commits}`, (folder) => rewrite(base, folder))
    const figures: Figure[] = []
    for (const each of cases) figures.push(...(await measure(bench, base, root, each)))
    return figures
  },
}

async function rewrite(base: string, folder: string): Promise<void> {
  const source = new Repository(join(folder, 'source.git'))
  await cp(join(base, 'source.git'), source.dir, { recursive: true })
  await source.branch('main', await git(source.dir, 'rev-parse', 'main~10'))
  await source.addCommits('main', 10)
  await source.branch('topic', await source.head('main'))
  await source.addCommits('topic', 10)
  await source.forget()
}

async function measure(
  bench: Bench,
  base: string,
  root: string,
  { name, branch, parts }: (typeof cases)[number],
): Promise<Figure[]> {
  const [before, source] = [join(base, 'source.git'), join(root, 'source.git')]
  const wants = [await git(source, 'rev-parse', branch)]
  const thin = await thinPackBytes(source, wants, [await git(before, 'rev-parse', 'main~10')])
  const whole = await thinPackBytes(source, wants, [])
  const remotes = await startRemotes(bench, root)
  const product = await Worker.start('product', bench, { isProduct: true })
  const scope = { scope: { branches: [branch] }, ...parts }
  const once = () => sync(remotes, product, before, scope)
  await once()
  const samples = await alternate(bench.rounds, { sync: once, mirror: () => mirror(remotes, before, branch) })
  await product.stop()

  const sides = ['source', 'target'].map((side) =>
    figure({
      case: name,
      measure: `${side} bytes`,
      unit: 'B',
      ours: valuesOf(samples.sync, side),
      baseline: { name: 'the whole repository', values: samples.sync.map(() => whole) },
      budget: { of: 'ratio', most: SHARE },
    }),
  )
  return [
    ...sides,
    figure({ case: name, measure: 'thin pack of what changed', unit: 'B', ours: [thin] }),
    figure({
      case: name,
      measure: 'time',
      unit: 's',
      ours: valuesOf(samples.sync, 'seconds'),
      baseline: { name: 'git fetch and push into a mirror', values: valuesOf(samples.mirror, 'seconds') },
    }),
  ]
}

async function sync(
  remotes: Remotes,
  product: Worker,
  before: string,
  parts: Partial<SyncRequest>,
): Promise<Sample> {
  const target = await remotes.newTarget(before)
  remotes.source.resetRequests()
  remotes.target.resetRequests()
  const { seconds } = await product.call<Done>('run', 'sync', remotes.request(target, parts))
  await removeFolder(remotes.targetDir(target))
  return { seconds, source: bytesOf(remotes.source), target: bytesOf(remotes.target) }
}

async function mirror(remotes: Remotes, before: string, branch: string): Promise<Sample> {
  const target = await remotes.newTarget(before)
  const folder = await temporaryFolder()
  await cp(before, folder, { recursive: true })
  const { source, target: to } = remotes.request(target)
  const refspec = `+refs/heads/${branch}:refs/heads/${branch}`
  const seconds = await timed(async () => {
    await git(folder, 'fetch', '--quiet', source.url, refspec)
    await git(folder, 'push', '--quiet', to.url, refspec)
  })
  await removeFolder(folder)
  await removeFolder(remotes.targetDir(target))
  return { seconds }
}
