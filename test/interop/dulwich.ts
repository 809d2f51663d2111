import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { projectFile } from '../../testing/project/project.js'

// A python of the user's own may come first in the path and lack the distribution's packages.
const PYTHONS = ['python3', '/usr/bin/python3']
const SERVER = projectFile('test/interop/dulwich-server.py')

/** A python that has dulwich, or `undefined` where none is installed. */
export async function findDulwich(): Promise<string | undefined> {
  for (const python of PYTHONS) {
    const found = await promisify(execFile)(python, ['-c', 'import dulwich.web']).then(
      () => true,
      () => false,
    )
    if (found) return python
  }
  return undefined
}

export interface DulwichServer {
  /** The URL of a repository, given its name below the root. */
  url(repository: string): string
  close(): Promise<void>
}

/** Serves the repositories below `root`, one request at a time, as dulwich does. */
export async function startDulwich(python: string, root: string): Promise<DulwichServer> {
  const child = spawn(python, [SERVER, root], { stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = once(child, 'exit')
  const port = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    exited.then(() => Promise.reject(new Error("dulwich's server did not start"))),
  ])
  return {
    url: (repository) => `http://127.0.0.1:${port}/${repository}`,
    close: async () => {
      child.kill()
      await exited
    },
  }
}
