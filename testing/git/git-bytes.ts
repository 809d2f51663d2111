import { spawn } from 'node:child_process'
import { buffer, text } from 'node:stream/consumers'
import { type GitOptions, gitEnv } from './git.js'

/**
 * Runs git and gives its output as it is, byte for byte; rejects with what git wrote to its standard error, and with its output.
 */
export async function gitBytes({ input = '', env = {} }: GitOptions, ...args: string[]): Promise<Buffer> {
  const child = spawn('git', args, { env: { ...gitEnv(), ...env } })
  // A git that fails early closes its input; its exit status tells more than the broken pipe.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const exit = new Promise((resolve) => child.once('close', resolve))
  const [output, complaint, status] = await Promise.all([buffer(child.stdout), text(child.stderr), exit])
  if (status !== 0) throw Object.assign(new Error(`git ${args.join(' ')}: ${complaint.trim()}`), { output })
  return output
}

/** What smart HTTP responds to a GET of info/refs, without the `# service` line. */
export function infoRefs(
  service: 'upload-pack' | 'receive-pack',
  dir: string,
  protocol: 'v1' | 'v2' = 'v1',
): Promise<Buffer> {
  return gitBytes(protocolEnv(protocol), service, '--http-backend-info-refs', dir)
}

/** What smart HTTP responds to a POST. */
export function responseOf(
  service: 'upload-pack' | 'receive-pack',
  dir: string,
  input: Buffer,
  protocol: 'v1' | 'v2' = 'v1',
): Promise<Buffer> {
  return gitBytes({ ...protocolEnv(protocol), input }, service, '--stateless-rpc', dir)
}

function protocolEnv(protocol: 'v1' | 'v2'): GitOptions {
  return protocol === 'v2' ? { env: { GIT_PROTOCOL: 'version=2' } } : {}
}
