import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SyncRequest } from '../../src/index.js'
import { configEnv, git, gitWith } from '../../testing/git/git.js'
import { createRepository } from '../../testing/git/sample-repository.js'
import { noGitLfs } from '../../testing/lfs/git-lfs.js'
import { pointerOf, writePointer } from '../../testing/lfs/pointers.js'
import { removeFolder, temporaryFolder } from '../../testing/temporary-folder.js'
import { cached } from '../cache.js'
import { type Figure, figure } from '../figure.js'
import { alternate, type Sample, timed, valuesOf } from '../measure.js'
import type { Done } from '../processes/product.js'
import { type Remotes, startRemotes } from '../remotes.js'
import type { Bench, Scenario } from '../scenario.js'
import { MIB } from '../units.js'
import { Worker } from '../worker.js'

/** A first sync of a repository whose files are in LFS, and a second one, compared with git and git-lfs's client. */
export const lfs: Scenario = {
  number: 9,
  title: 'LFS objects',
  async run(bench) {
    const missing = await noGitLfs()
    if (missing !== false) throw new Error(missing)
    const [objects, bytes] = bench.quick ? [200, 100 * MIB] : [2000, 2048 * MIB]
    const root = await cached(`lfs-${objects}`, (folder) => makeObjects(folder, objects, bytes / objects))
    const stage = await startStage(bench, root)
    const samples = await alternate(bench.rounds, {
      sync: () => sync(bench, stage, objects),
      mirror: () => mirror(stage),
    })
    return figures(`${objects} objects, ${bytes / MIB} MiB`, samples)
  },
}

interface Stage {
  remotes: Remotes
  sourceLfs: string
  /** The target's LFS server. */
  lfs: Worker
}

/** A target of its own for each run. */
interface Target {
  name: string
  lfs: string
  folder: string
}

async function makeObjects(folder: string, objects: number, size: number): Promise<void> {
  await mkdir(join(folder, 'objects'))
  const files: Record<string, string> = {}
  for (let number = 0; number < objects; number++) {
    const object = randomBytes(size)
    const pointer = pointerOf(object)
    await writeFile(join(folder, 'objects', pointer.oid), object)
    files[`assets/${number}.bin`] = writePointer(pointer)
  }
  const repository = await createRepository(join(folder, 'source.git'))
  await repository.commit('main', { files })
}

async function startStage(bench: Bench, root: string): Promise<Stage> {
  const [remotes, source, lfs] = await Promise.all([
    startRemotes(bench, root),
    Worker.start('lfs-server', bench),
    Worker.start('lfs-server', bench),
  ])
  return { remotes, sourceLfs: await source.call<string>('serve', join(root, 'objects')), lfs }
}

async function newTarget({ remotes, lfs }: Stage): Promise<Target> {
  const name = await remotes.newTarget()
  const folder = join(remotes.targetDir(name), 'lfs-objects')
  await mkdir(folder)
  return { name, folder, lfs: await lfs.call<string>('serve', folder) }
}

async function sync(bench: Bench, stage: Stage, objects: number): Promise<Sample> {
  const target = await newTarget(stage)
  const product = await Worker.start('product', bench, { isProduct: true })
  const idle = await product.usage()
  const run = (policy: SyncRequest['policy']) =>
    product.call<Done>('run', 'sync', request(stage, target, policy))
  const first = await run({ lfs: 'new' })
  const { peakRssBytes } = await product.usage()
  const batches = await stage.lfs.call<number>('batches', target.folder)
  const second = await run({ lfs: 'all' })
  const repeated = (await stage.lfs.call<number>('batches', target.folder)) - batches
  await product.stop()
  await removeFolder(stage.remotes.targetDir(target.name))
  if (first.lfs?.moved !== objects || second.lfs?.present !== objects) throw new Error('objects are missing')
  const over = (peakRssBytes - idle.rssBytes) / MIB
  return { seconds: first.seconds, cpu: first.cpuSeconds, over, second: second.seconds, repeated }
}

function request({ remotes, sourceLfs }: Stage, target: Target, policy: SyncRequest['policy']): SyncRequest {
  const { source, target: to } = remotes.request(target.name)
  const endpoints = { source: { ...source, lfsUrl: sourceLfs }, target: { ...to, lfsUrl: target.lfs } }
  return { ...endpoints, ...(policy && { policy }) }
}

async function mirror(stage: Stage): Promise<Sample> {
  const target = await newTarget(stage)
  const { source, target: to } = stage.remotes.request(target.name)
  const folder = await temporaryFolder()
  const dir = join(folder, 'mirror.git')
  const lfsAt = (url: string, ...args: string[]) =>
    gitWith(dir, { env: configEnv({ 'lfs.url': url, 'lfs.locksverify': 'false' }) }, 'lfs', ...args)
  const seconds = await timed(async () => {
    await git(folder, 'clone', '--quiet', '--mirror', source.url, 'mirror.git')
    await lfsAt(stage.sourceLfs, 'fetch', '--all')
    await git(dir, 'push', '--quiet', '--mirror', to.url)
    await lfsAt(target.lfs, 'push', '--all', to.url)
  })
  await removeFolder(folder)
  await removeFolder(stage.remotes.targetDir(target.name))
  return { seconds }
}

function figures(name: string, { sync, mirror }: Record<'sync' | 'mirror', Sample[]>): Figure[] {
  return [
    figure({
      case: name,
      measure: 'time',
      unit: 's',
      ours: valuesOf(sync, 'seconds'),
      baseline: { name: 'clone, lfs fetch, push, lfs push', values: valuesOf(mirror, 'seconds') },
      budget: { of: 'ratio', most: 0.5 },
    }),
    figure({ case: name, measure: 'CPU of git-sync', unit: 's', ours: valuesOf(sync, 'cpu') }),
    figure({
      case: name,
      measure: 'peak memory over idle',
      unit: 'MiB',
      ours: valuesOf(sync, 'over'),
      budget: { of: 'worst', most: 120 },
    }),
    figure({ case: 'the same again, all', measure: 'time', unit: 's', ours: valuesOf(sync, 'second') }),
    figure({
      case: 'the same again, all',
      measure: 'batches at the target',
      unit: 'count',
      ours: valuesOf(sync, 'repeated'),
    }),
  ]
}
