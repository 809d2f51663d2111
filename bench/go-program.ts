import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { SyncRequest } from '../src/index.js'
import { type Figure, figure, type Measured } from './figure.js'
import { type Sample, timed, valuesOf } from './measure.js'
import type { Bench } from './scenario.js'

const execute = promisify(execFile)

/** Runs a request by the Go program, with its start; nothing is measured where none is given. */
export async function goRun({ go }: Pick<Bench, 'go'>, request: SyncRequest): Promise<Sample> {
  if (go === undefined) return {}
  return { seconds: await timed(() => execute(go, goArguments(request))) }
}

/** The command line for as much of a request as the bench asks for. */
export function goArguments({ source, target, policy = {}, options = {} }: SyncRequest): string[] {
  const { mode, includeTags, prune, force } = policy
  const flags = [
    ...(includeTags ? ['--tags'] : []),
    ...(prune ? ['--prune'] : []),
    ...(force ? ['--force-with-lease'] : []),
    ...(options.targetMaxPackBytes ? ['--target-max-pack-bytes', String(options.targetMaxPackBytes)] : []),
  ]
  return [mode === 'replicate' ? 'replicate' : 'sync', ...flags, source.url, target.url]
}

/** Our times beside those of the Go program, if there are any. */
export function goFigures({ go }: Pick<Bench, 'go'>, ours: Measured, samples: readonly Sample[]): Figure[] {
  if (go === undefined) return []
  const { case: name, measure, unit, ours: values } = ours
  const baseline = { name: 'git-sync in Go', values: valuesOf(samples, 'seconds') }
  return [figure({ case: name, measure, unit, ours: values, baseline })]
}
