import { readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cleanup } from '../testing/cleanup.js'
import { type RequestInfo, startProxy, type Proxy as TestProxy } from '../testing/faults/proxy.js'
import type { Action } from '../testing/faults/proxy-actions.js'
import { git, gitWith, refsOf } from '../testing/git/git.js'
import { type GitServer, startGitServer } from '../testing/git/git-server.js'
import { createRepository } from '../testing/git/sample-repository.js'
import type { Case, Refs } from './draw.js'
import { type Fault, faultyAction, type SideName } from './faults.js'
import type { Pool } from './pool.js'

export const PASSWORDS = { source: 'source-password-5f1c', target: 'target-password-9ab3' }

/** A source and a target with git servers of their own and a proxy before each; it serves one case at a time. */
export class Lane {
  readonly #root: string
  readonly #servers: Record<SideName, GitServer>
  readonly #proxies = {} as Record<SideName, TestProxy>
  #case: Case | undefined
  #seen = new Map<string, number>()
  #written: Refs = {}
  #targets = 0
  sourceRefs: Refs = {}

  private constructor(root: string, servers: Record<SideName, GitServer>) {
    this.#root = root
    this.#servers = servers
  }

  static async open(cleanup: Cleanup, root: string, pool: Pool): Promise<Lane> {
    await pool.lendTo(join(root, 'source', 'source.git'))
    const serve = (side: SideName) => {
      const auth = { username: 'git', password: PASSWORDS[side] }
      return startGitServer({ root: join(root, side), auth })
    }
    const lane = new Lane(root, { source: await serve('source'), target: await serve('target') })
    for (const side of ['source', 'target'] as const) {
      const handle = (info: RequestInfo) => lane.#handle(side, info)
      lane.#proxies[side] = await startProxy({ target: lane.#servers[side].url(''), handle })
    }
    cleanup.add(() => lane.close())
    await lane.#newTarget()
    return lane
  }

  /** Sets the stage for a case, and says where its two repositories are. */
  async prepare(drawn: Case): Promise<{ source: string; target: string; before: Refs }> {
    this.#case = undefined
    await this.idle()
    if (drawn.isFresh) await this.#newTarget()
    await setRefs(join(this.#root, 'source', 'source.git'), this.sourceRefs, drawn.sourceRefs)
    this.sourceRefs = drawn.sourceRefs
    // The service's log tells the runs apart by the URLs of their sources.
    const name = `case-${drawn.number}.git`
    await symlink('source.git', join(this.#root, 'source', name))
    const before = await this.targetRefs()
    this.#case = drawn
    this.#seen = new Map()
    this.#written = {}
    for (const proxy of Object.values(this.#proxies)) proxy.resetRequests()
    return {
      source: this.#proxies.source.url(name),
      target: this.#proxies.target.url(this.#targetName),
      before,
    }
  }

  /** What another writer has set in this case. */
  get written(): Refs {
    return this.#written
  }

  targetRefs(): Promise<Refs> {
    return refsOf(join(this.#root, 'target', this.#targetName))
  }

  /** Resolves when no git program of this lane runs. */
  async idle(): Promise<void> {
    await Promise.all(Object.values(this.#servers).map((server) => server.idle()))
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.#proxies).map((proxy) => proxy.close()))
    await Promise.all(Object.values(this.#servers).map((server) => server.close()))
  }

  /** Every target that this lane has had. */
  async targets(): Promise<string[]> {
    const names = await readdir(join(this.#root, 'target'))
    return names.map((name) => join(this.#root, 'target', name))
  }

  get #targetName(): string {
    return `target-${this.#targets}.git`
  }

  async #newTarget(): Promise<void> {
    this.#targets++
    await createRepository(join(this.#root, 'target', this.#targetName))
  }

  async #handle(side: SideName, info: RequestInfo): Promise<Action | undefined> {
    const drawn = this.#case
    if (!drawn) return undefined
    const kind = `${side} ${info.kind === 'call' ? info.service : info.kind}`
    const index = this.#seen.get(kind) ?? 0
    this.#seen.set(kind, index + 1)
    if (kind === 'target git-receive-pack' && index === 0 && drawn.written) await this.#write(drawn.written)
    return faultyAction(
      drawn.faults.filter((fault: Fault) => fault.side === side),
      info,
      index,
    )
  }

  /** Another writer's commit, on top of the ref or of any other. */
  async #write(ref: string): Promise<void> {
    const dir = join(this.#root, 'target', this.#targetName)
    const refs = await this.targetRefs()
    const parent = refs[ref] ?? Object.entries(refs).find(([name]) => name.startsWith('refs/heads/'))?.[1]
    if (!parent) return
    const commit = await git(dir, 'commit-tree', '-m', 'by another writer', '-p', parent, `${parent}^{tree}`)
    await git(dir, 'update-ref', ref, commit)
    this.#written[ref] = commit
  }
}

async function setRefs(dir: string, before: Refs, after: Refs): Promise<void> {
  const lines = [
    ...Object.keys(before)
      .filter((ref) => !(ref in after))
      .map((ref) => `delete ${ref}\n`),
    ...Object.entries(after).map(([ref, id]) => `update ${ref} ${id}\n`),
  ]
  await gitWith(dir, { input: lines.join('') }, 'update-ref', '--stdin')
}
