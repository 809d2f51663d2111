import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'

/** Why a test that wants git-lfs's client cannot run here; `false` where it can. */
export async function noGitLfs(): Promise<string | false> {
  return promisify(execFile)('git-lfs', ['version']).then(
    () => false,
    () => 'git-lfs is not here: Debian and Ubuntu have it as git-lfs',
  )
}

/** Whether the client takes a text for a pointer. */
export async function clientAccepts(text: string): Promise<boolean> {
  const child = spawn('git-lfs', ['pointer', '--check', '--stdin'], { stdio: ['pipe', 'ignore', 'ignore'] })
  const exited = once(child, 'exit')
  child.stdin.on('error', () => {})
  child.stdin.end(text)
  const [status] = await exited
  return status === 0
}
