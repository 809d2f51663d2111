import { configEnv } from './env.js'
import { runHttpBackend } from './http-backend.js'
import { listen } from './loopback.js'

export interface ServedRepository {
  url: string
  /** Destroys all connections, and resolves when every git process is gone. */
  close(): Promise<void>
}

/** Serves one repository of this machine over smart HTTP, on the loopback interface and for this process's time. */
export async function serveRepository(
  dir: string,
  config: Record<string, string> = {},
): Promise<ServedRepository> {
  const running = new Set<Promise<void>>()
  // A repository that another user owns is read all the same: whoever asks has named it.
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
