import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import type { SyncRequest } from '../src/index.js'
import { type GitServer, startGitServer } from '../testing/git/git-server.js'
import { createRepository } from '../testing/git/sample-repository.js'
import { removeFolder, temporaryFolder } from '../testing/temporary-folder.js'
import type { Bench } from './scenario.js'

/** A source and fresh targets for it, each behind git's own http-backend. */
export interface Remotes {
  source: GitServer
  target: GitServer
  /** The folder of a repository of the target's server. */
  targetDir(name: string): string
  /** A new target: empty, or a copy of a repository. */
  newTarget(copyOf?: string): Promise<string>
  /** From the source to a target. */
  request(target: string, parts?: Partial<SyncRequest>): SyncRequest
}

/** Serves the repository `source.git` of a folder, and whatever targets are made. */
export async function startRemotes(
  bench: Bench,
  sourceRoot: string,
  config: Record<string, string> = {},
): Promise<Remotes> {
  const targetRoot = await temporaryFolder()
  bench.cleanup.add(() => removeFolder(targetRoot))
  const source = await startGitServer({ root: sourceRoot })
  bench.cleanup.add(() => source.close())
  const target = await startGitServer({ root: targetRoot, config })
  bench.cleanup.add(() => target.close())
  const targetDir = (name: string) => join(targetRoot, name)
  let targets = 0
  return {
    source,
    target,
    targetDir,
    newTarget: async (copyOf) => {
      const name = `target-${targets++}.git`
      if (copyOf) await cp(copyOf, targetDir(name), { recursive: true })
      else await createRepository(targetDir(name))
      return name
    },
    request: (name, parts = {}) => ({
      source: { url: source.url('source.git') },
      target: { url: target.url(name) },
      collectStats: true,
      ...parts,
    }),
  }
}

/** Bytes of all bodies that passed a server since its requests were reset. */
export function bytesOf(server: GitServer): number {
  return server.requests.reduce(
    (sum, { requestBytes, responseBytes }) => sum + requestBytes + responseBytes,
    0,
  )
}
