import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { git } from '../../testing/git/git.js'
import { removeFolder, temporaryFolder } from '../../testing/temporary-folder.js'
import { cached } from '../cache.js'
import { type Figure, figure } from '../figure.js'
import { alternate, type Sample, timed, valuesOf } from '../measure.js'
import type { Done } from '../processes/product.js'
import { bytesOf, type Remotes, startRemotes } from '../remotes.js'
import type { Bench, Scenario } from '../scenario.js'
import { cpuOfShell } from '../shell.js'
import { makeTextHistory } from '../text-history.js'
import { MIB } from '../units.js'
import { Worker } from '../worker.js'

/** A first sync of a real repository: beside git's two programs piped by hand, and beside two mirror commands. */
export const firstSync: Scenario = {
  number: 2,
  title: 'first sync of a repository of text',
  async run(bench) {
    const commits = bench.quick ? 4000 : 100_000
    const history = { commits, linesPerCommit: 150 }
    const root = await cached(`text-${commits}`, (folder) =>
      makeTextHistory(join(folder, 'source.git'), history),
    )
    const remotes = await startRemotes(bench, root)
    const samples = await alternate(bench.rounds, {
      sync: () => sync(bench, remotes),
      pipe: () => pipe(remotes, join(root, 'source.git')),
      mirror: () => mirror(remotes),
    })
    const megabytes = Math.round((samples.sync[0]?.size ?? 0) / MIB)
    return figures(`${commits} commits, ${megabytes} MiB`, samples)
  },
}

function figures(name: string, samples: Record<'sync' | 'pipe' | 'mirror', Sample[]>): Figure[] {
  const ours = valuesOf(samples.sync, 'seconds')
  const time = { case: name, measure: 'time', unit: 's', ours } as const
  return [
    figure({
      ...time,
      baseline: { name: 'upload-pack | receive-pack', values: valuesOf(samples.pipe, 'seconds') },
      budget: { of: 'ratio', most: 1.1 },
    }),
    figure({
      ...time,
      baseline: { name: 'clone and push --mirror', values: valuesOf(samples.mirror, 'seconds') },
      budget: { of: 'ratio', most: 1 },
    }),
    figure({ case: name, measure: 'CPU of git-sync', unit: 's', ours: valuesOf(samples.sync, 'cpu') }),
    figure({
      case: name,
      measure: 'peak memory over idle',
      unit: 'MiB',
      ours: valuesOf(samples.sync, 'over'),
      budget: { of: 'worst', most: 120 },
    }),
  ]
}

async function sync(bench: Bench, remotes: Remotes): Promise<Sample> {
  const target = await remotes.newTarget()
  const product = await Worker.start('product', bench, { isProduct: true })
  const idle = await product.usage()
  remotes.source.resetRequests()
  const { seconds, cpuSeconds } = await product.call<Done>('run', 'sync', remotes.request(target))
  const { peakRssBytes } = await product.usage()
  await product.stop()
  await removeFolder(remotes.targetDir(target))
  const over = (peakRssBytes - idle.rssBytes) / MIB
  return { seconds, cpu: cpuSeconds, over, size: bytesOf(remotes.source) }
}

/** Without side-band the response to a fetch is eight bytes of NAK, and then the pack. */
async function pipe(remotes: Remotes, source: string): Promise<Sample> {
  const target = remotes.targetDir(await remotes.newTarget())
  const tip = await git(source, 'rev-parse', 'refs/heads/main')
  const wants = `${line(`want ${tip} ofs-delta\n`)}0000${line('done\n')}`
  const command = `${'0'.repeat(40)} ${tip} refs/heads/main\0report-status`
  await writeFile(join(target, 'wants'), wants)
  await writeFile(join(target, 'command'), `${line(command)}0000`)
  const fetch = `{ cat command; git upload-pack --stateless-rpc '${source}' < wants | tail -c +9; }`
  const { seconds } = await cpuOfShell(`${fetch} | git receive-pack --stateless-rpc .`, target)
  await git(target, 'rev-parse', '--verify', 'refs/heads/main')
  await removeFolder(target)
  return { seconds }
}

function line(text: string): string {
  return (text.length + 4).toString(16).padStart(4, '0') + text
}

async function mirror(remotes: Remotes): Promise<Sample> {
  const target = await remotes.newTarget()
  const folder = await temporaryFolder()
  const { source, target: to } = remotes.request(target)
  const seconds = await timed(async () => {
    await git(folder, 'clone', '--quiet', '--mirror', source.url, 'mirror.git')
    await git(join(folder, 'mirror.git'), 'push', '--quiet', '--mirror', to.url)
  })
  await removeFolder(folder)
  await removeFolder(remotes.targetDir(target))
  return { seconds }
}
