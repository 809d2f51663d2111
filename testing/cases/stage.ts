import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  Client,
  type ClientOptions,
  type EndpointRole,
  GitSyncError,
  type RunEvent,
  type SyncRequest,
} from '../../src/index.js'
import { type ProxyOptions, startProxy, type Proxy as TestProxy } from '../faults/proxy.js'
import { fsck, git, gitWith } from '../git/git.js'
import { type GitServer, type GitServerOptions, startGitServer } from '../git/git-server.js'
import { createRepository, Repository, type RepositoryOptions } from '../git/sample-repository.js'
import type { RequestRecord } from '../packets/recording.js'
import { temporaryFolder } from '../temporary-folder.js'

type ServerOptions = Pick<GitServerOptions, 'auth' | 'protocol' | 'tls' | 'intercept' | 'config'>

export interface SideOptions extends RepositoryOptions, ServerOptions {
  /** Puts a proxy before the server, which does this to requests. */
  handle?: NonNullable<ProxyOptions['handle']>
}

export interface StageOptions {
  source?: SideOptions
  target?: SideOptions
  client?: ClientOptions
}

/** What is special about one side, the other being as usual. */
export function at(side: EndpointRole, options: SideOptions): StageOptions {
  return { [side]: options }
}

/** One end of a run: a repository, the server that serves it, and perhaps a proxy before that. */
export class Side extends Repository {
  constructor(
    dir: string,
    readonly server: GitServer,
    readonly proxy: TestProxy | undefined,
  ) {
    super(dir)
  }

  get url(): string {
    return (this.proxy ?? this.server).url('repository.git')
  }

  /** What came to the git server. */
  get requests(): RequestRecord[] {
    return this.server.requests
  }

  /** Gives the repository a hook, as the lines of a shell script. */
  async hook(name: string, script: string): Promise<void> {
    const folder = join(this.dir, 'hooks')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }

  /** Makes these all the refs there are; their objects must be there. */
  async setRefs(refs: Record<string, string>): Promise<void> {
    const gone = Object.keys(await this.refs()).filter((ref) => !(ref in refs))
    const lines = [
      ...gone.map((ref) => `delete ${ref}\n`),
      ...Object.entries(refs).map(([ref, id]) => `update ${ref} ${id}\n`),
    ]
    await gitWith(this.dir, { input: lines.join('') }, 'update-ref', '--stdin')
  }

  /** Every ref by its full name, of a repository that has passed `git fsck`. */
  async soundRefs(): Promise<Record<string, string>> {
    await fsck(this.dir)
    return this.refs()
  }
}

export interface Stage {
  source: Side
  target: Side
  client: Client
  /** What the runs have told that were given `watch`. */
  events: RunEvent[]
  watch: { onEvent: (event: RunEvent) => void }
  /** A request from this source to this target. */
  request(parts?: Partial<SyncRequest>): SyncRequest
}

interface Teardown {
  teardown(action: () => Promise<void>): unknown
}

/** Two empty repositories behind git servers of their own, and a client. All of it ends with the test. */
export async function stage(t: Teardown, options: StageOptions = {}): Promise<Stage> {
  const root = await temporaryFolder(t)
  const [source, target] = await Promise.all([
    openSide(t, join(root, 'source'), options.source),
    openSide(t, join(root, 'target'), options.target),
  ])
  const events: RunEvent[] = []
  return {
    source,
    target,
    client: new Client(options.client),
    events,
    watch: { onEvent: (event) => events.push(event) },
    request: (parts = {}) => ({ source: { url: source.url }, target: { url: target.url }, ...parts }),
  }
}

async function openSide(t: Teardown, root: string, options: SideOptions = {}): Promise<Side> {
  const { handle, objectFormat, bare, ...server } = options
  const format = { ...(objectFormat && { objectFormat }), ...(bare !== undefined && { bare }) }
  const { dir } = await createRepository(join(root, 'repository.git'), format)
  const gitServer = await startGitServer({ root, ...server })
  t.teardown(() => gitServer.close())
  const proxy = handle && (await startProxy({ target: gitServer.url(''), handle }))
  if (proxy) t.teardown(() => proxy.close())
  return new Side(dir, gitServer, proxy)
}

/** Brings refs from one side to the other by git itself. */
export async function copyRefs(from: Side, to: Side, refspec = 'refs/*:refs/*'): Promise<void> {
  await git(to.dir, 'fetch', '--quiet', '--no-tags', from.dir, `+${refspec}`)
}

/** The error that a run ends with. */
export async function failureOf(run: Promise<unknown>): Promise<GitSyncError> {
  const error = await run.then(
    () => new Error('the run succeeded'),
    (reason: unknown) => reason,
  )
  if (error instanceof GitSyncError) return error
  throw new Error('expected a GitSyncError', { cause: error })
}

/** The action of each ref, by the target's name. */
export function actionsOf(result: { refs: { targetRef: string; action: string }[] } | undefined) {
  return Object.fromEntries((result?.refs ?? []).map(({ targetRef, action }) => [targetRef, action]))
}
