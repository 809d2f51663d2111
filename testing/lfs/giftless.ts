import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { projectFile } from '../project/project.js'

const PYTHON = projectFile('.venv/bin/python')

/** Why giftless cannot be tested with here; `false` where it can. */
export async function noGiftless(): Promise<string | false> {
  return promisify(execFile)(PYTHON, ['-c', 'import giftless.app']).then(
    () => false,
    () =>
      'giftless is not here; to have it: python3 -m venv .venv && .venv/bin/pip install -r test/requirements.txt',
  )
}

export interface GiftlessServer {
  /** The LFS server of a repository. */
  url(repository: string): string
  close(): Promise<void>
}

/** An LFS server in Python, which keeps its objects below `folder`. */
export async function startGiftless(folder: string): Promise<GiftlessServer> {
  const child = spawn(PYTHON, [projectFile('testing/lfs/giftless-server.py'), folder], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const exited = once(child, 'exit')
  const port = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    exited.then(() => Promise.reject(new Error('giftless did not start'))),
  ])
  return {
    url: (repository) => `http://127.0.0.1:${port}/team/${repository}.git/info/lfs`,
    close: async () => {
      child.kill()
      await exited
    },
  }
}
