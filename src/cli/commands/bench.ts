import { Command } from 'commander'
import { addFlags } from '../flags/flag.js'
import { benchFlags, jsonFlag, type RunFlags, sideFlags } from '../flags/flags.js'
import { exitStatus } from '../output/exit-status.js'

interface BenchFlags extends RunFlags {
  source: string
  repeat?: number
}

export function benchCommand(): Command {
  const command = new Command('bench').description(
    'Sync a repository into fresh local targets, again and again, and measure it.',
  )
  addFlags(command, 'What to measure', benchFlags)
  addFlags(command, 'Source', sideFlags.source)
  addFlags(command, 'Output', [{ ...jsonFlag, help: 'print the figures as JSON' }])
  return command.addHelpText('after', EXAMPLE).action(run)
}

async function run(flags: BenchFlags): Promise<void> {
  const [{ runBench }, { sourceAuth }, { reportFailure }, { GitSyncError }, { RunEnding }] =
    await Promise.all([
      import('../run/bench.js'),
      import('../flags/request.js'),
      import('../output/failure.js'),
      import('../../errors.js'),
      import('../run/run-ending.js'),
    ])
  const { source, repeat, targetMaxPackBytes, protocol, json } = flags
  const ending = new RunEnding()
  try {
    await runBench(
      {
        source,
        signal: ending.signal,
        ...(repeat === undefined ? {} : { repeat: Math.max(1, repeat) }),
        ...(targetMaxPackBytes === undefined ? {} : { targetMaxPackBytes }),
        ...(protocol && { protocol }),
        ...(json && { json }),
        auth: sourceAuth(flags),
      },
      process.stdout,
    )
  } catch (error) {
    if (ending.status === undefined && !(error instanceof GitSyncError)) throw error
    if (error instanceof GitSyncError) process.exitCode = await reportFailure(error, flags)
    else process.exitCode = exitStatus.failed
    if (ending.status !== undefined) process.exitCode = ending.status
  } finally {
    ending.close()
  }
}

const EXAMPLE = `
Example:
  $ git-sync bench --source ./project.git --repeat 3
`
