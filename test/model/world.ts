import { Client } from '../../src/index.js'
import { type GitServer, startGitServer } from '../../testing/git/git-server.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'
import { createTemplates } from './repositories.js'

/** What all cases share: one git server, one client, and the empty repositories that they begin with. */
export interface World {
  root: string
  templates: string
  server: GitServer
  client: Client
  /** How many pushes have come for a repository's path. */
  pushesTo(path: string): number
}

/** A case whose folder's name begins like this has a source that does not know protocol v2. */
export const DEAF = 'deaf-'

export async function createWorld(t: { teardown(action: () => Promise<void>): unknown }): Promise<World> {
  const root = await temporaryFolder(t)
  const pushes = new Map<string, number>()
  const server = await startGitServer({
    root,
    intercept: ({ url = '', method, headers }, _response, next) => {
      const [, path = ''] = /^\/(.*)\/git-receive-pack$/.exec(url) ?? []
      if (method === 'POST' && path) pushes.set(path, (pushes.get(path) ?? 0) + 1)
      if (url.startsWith(`/${DEAF}`)) delete headers['git-protocol']
      next()
    },
  })
  t.teardown(() => server.close())
  return {
    root,
    templates: await createTemplates(root),
    server,
    client: new Client(),
    pushesTo: (path) => pushes.get(path) ?? 0,
  }
}
