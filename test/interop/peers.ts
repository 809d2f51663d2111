import { join } from 'node:path'
import { Client, type SyncRequest } from '../../src/index.js'
import { type RequestInfo, startProxy } from '../../testing/faults/proxy.js'
import { fsck } from '../../testing/git/git.js'
import { startGitServer } from '../../testing/git/git-server.js'
import { createRepository, Repository } from '../../testing/git/sample-repository.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'
import { startDulwich } from './dulwich.js'

/** Who serves each side of a run. */
export interface Peers {
  source: 'git' | 'dulwich'
  target: 'git' | 'dulwich'
}

/** Two empty repositories and a client. */
export interface PeerStage {
  source: Peer
  target: Peer
  client: Client
  request(parts?: Partial<SyncRequest>): SyncRequest
}

interface Teardown {
  teardown(action: () => Promise<void>): unknown
}

/** A repository behind a server, and a proxy before that, by which a test can come between. */
export class Peer extends Repository {
  /** Runs once, before the next push is passed on. */
  beforePush: (() => Promise<unknown>) | undefined
  pushes = 0

  constructor(
    dir: string,
    readonly url: string,
  ) {
    super(dir)
  }

  /** Every ref by its full name, of a repository that has passed `git fsck`. */
  async soundRefs(): Promise<Record<string, string>> {
    await fsck(this.dir)
    return this.refs()
  }
}

/** Starts a server for each side, and gives what makes new repositories behind them. */
export async function startPeers(
  t: Teardown,
  python: string,
  peers: Peers,
): Promise<() => Promise<PeerStage>> {
  const root = await temporaryFolder(t)
  const [openSource, openTarget] = await Promise.all([
    startSide(t, join(root, 'source'), peers.source, python),
    startSide(t, join(root, 'target'), peers.target, python),
  ])
  const client = new Client()
  return async () => {
    const [source, target] = [await openSource(), await openTarget()]
    const request = (parts: Partial<SyncRequest> = {}) => ({
      source: { url: source.url },
      target: { url: target.url },
      ...parts,
    })
    return { source, target, client, request }
  }
}

async function startSide(t: Teardown, root: string, kind: 'git' | 'dulwich', python: string) {
  const peers = new Map<string, Peer>()
  const server = kind === 'git' ? await startGitServer({ root }) : await startDulwich(python, root)
  t.teardown(() => server.close())
  const handle = async ({ kind, service, path }: RequestInfo): Promise<undefined> => {
    const peer = peers.get(path.split('/')[1] ?? '')
    if (!peer || kind !== 'call' || service !== 'git-receive-pack') return
    peer.pushes++
    const action = peer.beforePush
    peer.beforePush = undefined
    await action?.()
  }
  const proxy = await startProxy({ target: server.url(''), handle })
  t.teardown(() => proxy.close())
  return async () => {
    const name = `repository-${peers.size}.git`
    const { dir } = await createRepository(join(root, name))
    const peer = new Peer(dir, proxy.url(name))
    peers.set(name, peer)
    return peer
  }
}
