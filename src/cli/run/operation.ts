import { Client } from '../../engine/client.js'
import type { RunOptions } from '../../engine/run/runner.js'
import { GitSyncError } from '../../errors.js'
import { openPacketTrace } from '../../settings/packet-trace.js'
import { readRunSettings } from '../../settings/run-settings.js'
import { SettingError } from '../../settings/setting-error.js'
import { UnstableClient } from '../../unstable.js'
import type { RunFlags } from '../flags/flags.js'
import { reportFailure } from '../output/failure.js'
import { print, printJson, type TextOptions, textOptions, warn } from '../output/output.js'
import { ProgressDisplay } from '../output/progress-display.js'
import { proxiedDispatchers } from './dispatchers.js'
import { GitCredentials } from './git-credentials.js'
import { RunEnding } from './run-ending.js'

export interface Clients {
  stable: Client
  unstable: UnstableClient
}

export interface Operation<Result> {
  flags: RunFlags
  work: (clients: Clients, options: RunOptions) => Promise<Result>
  /** The result as lines to read. */
  text: (result: Result, options: TextOptions) => Iterable<string>
}

/** Runs an operation of the library as a command: result on stdout, everything else on stderr, and an exit status. */
export async function executeCommand<Result extends object>(operation: Operation<Result>): Promise<void> {
  const { flags, text } = operation
  const ending = new RunEnding()
  try {
    const result = await withCredentials(operation, ending)
    if (flags.json) await printJson(result)
    else await print(process.stdout, text(result, textOptions(process.stdout, flags)))
  } catch (error) {
    if (!(error instanceof GitSyncError || error instanceof SettingError)) throw error
    process.exitCode = await reportFailure(error, flags)
    if (ending.status !== undefined) process.exitCode = ending.status
  } finally {
    ending.close()
  }
}

/** Repeats the operation each time that git finds credentials for a remote that asks for them. */
async function withCredentials<Result>(
  { flags, work }: Operation<Result>,
  ending: RunEnding,
): Promise<Result> {
  const { runTimeout, tracePacket, ...settings } = readRunSettings(process.env, (text) =>
    warn(process.stderr, text),
  )
  const onPacket = tracePacket && openPacketTrace(tracePacket)
  ending.after(runTimeout)
  const { signal } = ending
  const credentials = new GitCredentials({ source: flags.sourceUsername, target: flags.targetUsername })
  const options = { ...settings, auth: credentials, dispatcher: proxiedDispatchers(process.env) }
  const clients = { stable: new Client(options), unstable: new UnstableClient(options) }
  for (;;) {
    const progress = new ProgressDisplay(process.stderr, flags)
    try {
      return await work(clients, {
        signal,
        onEvent: (event) => {
          credentials.onEvent(event)
          progress.onEvent(event)
        },
        ...(onPacket && { onPacket }),
      })
    } catch (error) {
      progress.stop()
      if (!(await credentials.obtainCredentials(error, signal))) throw error
    } finally {
      progress.stop()
      await credentials.approve()
    }
  }
}
