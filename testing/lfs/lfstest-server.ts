import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, readFile, rename } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gitEnv } from '../git/git.js'
import { projectFile } from '../project/project.js'

const MODULE = 'github.com/git-lfs/git-lfs/v3@v3.8.1'
const FOLDER = projectFile('.cache')
const PROGRAM = join(FOLDER, `lfstest-gitserver-${MODULE.split('@')[1]}`)
const env = { ...process.env, PATH: `${process.env.PATH}${delimiter}/usr/local/go/bin` }

/** The credentials that its LFS API wants. */
export const LFSTEST_AUTH = { username: 'user', token: 'pass' }

export interface LfsTestServer {
  /** The URL of a repository below its root, for git and LFS. */
  url(name: string): string
  close(): Promise<void>
}

/**
 * Builds git-lfs's own test server once, where Go and its module proxy are there. Gives why it cannot be had; `false` where it can.
 */
export async function noLfsTestServer(): Promise<string | false> {
  if (await isThere(PROGRAM)) return false
  try {
    const run = promisify(execFile)
    await mkdir(FOLDER, { recursive: true })
    const { stdout } = await run('go', ['mod', 'download', '-json', MODULE], { env, cwd: FOLDER })
    const { Dir: cwd } = JSON.parse(stdout) as { Dir: string }
    // Test files that run at the same time may build it too.
    const built = `${PROGRAM}.${process.pid}`
    await run('go', ['build', '-tags', 'testtools', '-o', built, 't/cmd/lfstest-gitserver.go'], { env, cwd })
    await rename(built, PROGRAM)
    return false
  } catch {
    return "git-lfs's own test server cannot be built: that wants Go, and its module proxy"
  }
}

/** Serves the repositories below `root` by git's http-backend, and LFS objects from memory. */
export async function startLfsTestServer(root: string): Promise<LfsTestServer> {
  const file = (name: string) => join(root, name)
  const files = {
    LFSTEST_DIR: root,
    LFSTEST_URL: file('url'),
    LFSTEST_SSL_URL: file('ssl-url'),
    LFSTEST_CLIENT_CERT_URL: file('client-cert-url'),
    LFSTEST_CERT: file('cert'),
    LFSTEST_CLIENT_CERT: file('client-cert'),
    LFSTEST_CLIENT_KEY: file('client-key'),
    LFSTEST_CLIENT_KEY_ENCRYPTED: file('client-key-encrypted'),
  }
  const child = spawn(PROGRAM, [], { cwd: root, env: { ...gitEnv(), ...files }, stdio: 'ignore' })
  const exited = once(child, 'exit')
  const origin = await Promise.race([
    firstLine(file('url')),
    exited.then(() => Promise.reject(new Error("git-lfs's test server did not start"))),
  ])
  return {
    url: (name) => `${origin}/${name}.git`,
    close: async () => {
      child.kill()
      await exited
    },
  }
}

async function firstLine(file: string): Promise<string> {
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => '')
    if (/^http:\/\/\S+:\d+$/.test(text)) return text
    await setTimeout(20)
  }
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
