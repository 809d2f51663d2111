import { configEnv } from './env.js'
import { runHttpBackend } from './http-backend.js'
import { listen } from './loopback.js'

export interface ServedRepository {
  url: string
  /** Destroys all connections; resolves when every git process has exited. */
  close(): Promise<void>
}

/** Serves one local repository over smart HTTP on the loopback interface, until it is closed. */
export async function serveRepository(
  dir: string,
  config: Record<string, string> = {},
): Promise<ServedRepository> {
  const running = new Set<Promise<void>>()
  // Serves repositories of other owners too, since the caller named the repository explicitly.
  const env = configEnv({ 'safe.directory': '*', ...config })
  const loopback = await listen((request, response) => {
    const gitProtocol = request.headers['git-protocol']?.toString()
    const run = runHttpBackend(request, response, { root: dir, gitProtocol, user: undefined, env })
    running.add(run)
    run.catch((error: Error) => response.destroy(error)).finally(() => running.delete(run))
  })
  return {
    url: `${loopback.origin}/`,
    close: async () => {
      await loopback.close()
      await Promise.allSettled(running)
    },
  }
}
