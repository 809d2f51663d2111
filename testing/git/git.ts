import { execFile } from 'node:child_process'
import { plainGitEnv } from '../../src/local-git/env.js'

export { configEnv } from '../../src/local-git/env.js'

export interface GitOptions {
  /** What the command reads from its standard input. */
  input?: string | Buffer
  env?: NodeJS.ProcessEnv
}

/** Runs git and gives its trimmed output; rejects with what git wrote to its standard error. */
export function git(cwd: string, ...args: string[]): Promise<string> {
  return gitWith(cwd, {}, ...args)
}

/** Like `git`, with something to read or another environment. */
export function gitWith(cwd: string, { input = '', env = {} }: GitOptions, ...args: string[]) {
  return new Promise<string>((resolve, reject) => {
    const options = { cwd, env: { ...gitEnv(), ...env }, maxBuffer: 1024 ** 3 }
    const child = execFile('git', args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout.trim())
      else reject(new Error(`git ${args.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }))
    })
    // A git that fails early closes its input; its exit status tells more than the broken pipe.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

/** An environment in which git behaves, and commits, the same on every machine. */
export function gitEnv(): NodeJS.ProcessEnv {
  return {
    ...plainGitEnv(),
    GIT_AUTHOR_NAME: 'Ada Author',
    GIT_AUTHOR_EMAIL: 'ada@example.org',
    GIT_AUTHOR_DATE: '1700000000 +0000',
    GIT_COMMITTER_NAME: 'Carl Committer',
    GIT_COMMITTER_EMAIL: 'carl@example.org',
    GIT_COMMITTER_DATE: '1700000000 +0000',
  }
}

/** Every ref of a repository by its full name; a tag object stands for itself, not for what it tags. */
export async function refsOf(dir: string): Promise<Record<string, string>> {
  const lines = await git(dir, 'for-each-ref', '--format=%(refname) %(objectname)')
  return Object.fromEntries(lines.split('\n').flatMap((line) => (line ? [line.split(' ')] : [])))
}

/** Rejects if anything reachable is missing or damaged. */
export async function fsck(dir: string): Promise<void> {
  await git(dir, 'fsck', '--full', '--no-dangling')
}
