import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Runner } from '../../src/engine/run/runner.js'
import { UploadPack } from '../../src/git/upload-pack.js'
import type { Pointer } from '../../src/lfs/pointer.js'
import { type ScanRequest, scanPointers } from '../../src/lfs/pointer-scan.js'
import { commitCommands, fastImport } from '../../testing/git/fast-import.js'
import { git } from '../../testing/git/git.js'
import { type GitServerOptions, startGitServer } from '../../testing/git/git-server.js'
import { createRepository, type Repository } from '../../testing/git/sample-repository.js'
import { pointerFiles } from '../../testing/lfs/pointer-history.js'
import { projectFile } from '../../testing/project/project.js'
import { Random } from '../../testing/random.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'
import { findDulwich } from '../interop/dulwich.js'

const COMMITS = 24
const dulwich = await findDulwich()

/** A history whose commits write pointers, and the objects that each commit's name. */
async function pointerHistory(t: Test, seed: number) {
  const root = await temporaryFolder(t)
  const repository = await createRepository(join(root, 'r.git'))
  const random = new Random(seed)
  const made = Array.from({ length: COMMITS }, (_, commit) => pointerFiles(random, commit))
  const commands = made.flatMap(({ files }, commit) => [
    ...commitCommands({
      ref: 'refs/heads/main',
      mark: `:${commit + 1}`,
      parents: commit === 0 ? [] : [`:${commit}`],
      message: `commit ${commit}\n`,
      date: 1_700_000_000 + commit,
      files,
    }),
  ])
  await fastImport(repository.dir, [...commands, `reset refs/heads/middle\nfrom :${COMMITS - 8}\n\n`])
  return { root, repository, pointers: made.map(({ pointers }) => pointers) }
}

/** Packs it anew by another program, whose deltas git then sends as they are. */
async function repackByDulwich(python: string, { dir }: Repository): Promise<void> {
  const ids = await git(dir, 'rev-list', '--objects', '--all', '--in-commit-order')
  const file = join(dir, 'new.pack')
  const child = execFile(python, [projectFile('testing/lfs/dulwich-pack.py'), dir, file])
  child.stdin?.end(ids)
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error('dulwich made no pack')
  await rm(join(dir, 'objects/pack'), { recursive: true })
  await mkdir(join(dir, 'objects/pack'))
  const pack = join(dir, 'objects/pack/pack-of-dulwich.pack')
  await rename(file, pack)
  await git(dir, 'index-pack', pack)
}

/** How many blobs that may be pointers are deltas. */
async function smallDeltas({ dir }: Repository): Promise<number> {
  const format = '--batch-check=%(objecttype) %(objectsize) %(deltabase)'
  const lines = (await git(dir, 'cat-file', '--batch-all-objects', format)).split('\n')
  return lines.filter((line) => /^blob 1[23]\d (?!0+$)/.test(line)).length
}

async function scanned(t: Test, root: string, request: ScanRequest, options: Partial<GitServerOptions> = {}) {
  const server = await startGitServer({ root, ...options })
  t.teardown(() => server.close())
  const lost: true[] = []
  const pointers = await new Runner({}).run({ source: { url: server.url('r.git') } }, {}, async (run) => {
    const source = await UploadPack.open(run.source, 'auto', [])
    const list = await scanPointers(source, request, { onLost: () => lost.push(true) })
    return Array.from({ length: list.length }, (_, number) => list.at(number))
  })
  return { pointers: sorted(pointers), lost: lost.length }
}

const sorted = (pointers: readonly Pointer[]) =>
  [...new Map(pointers.map((pointer) => [pointer.oid, pointer])).values()].toSorted((one, other) =>
    one.oid < other.oid ? -1 : 1,
  )

const SOURCES: Record<string, Partial<GitServerOptions>> = {
  'every filter': {},
  'no combined filters': { config: { 'uploadpackfilter.combine.allow': 'false' } },
  'no filter but of trees': {
    config: { 'uploadpackfilter.allow': 'false', 'uploadpackfilter.tree.allow': 'true' },
  },
  'no filter at all': { config: { 'uploadpack.allowFilter': 'false' } },
  'protocol v1': { protocol: 'v1' },
  'protocol v1 without filters': { protocol: 'v1', config: { 'uploadpack.allowFilter': 'false' } },
}

for (const seed of [1, 2]) {
  t.test(`pointers among other files, packed by git, seed ${seed}`, async (t) => {
    const { root, repository, pointers } = await pointerHistory(t, seed)
    await repository.commit('main', {
      files: { 'large.bin': randomBytes(400_000), 'zeros.bin': Buffer.alloc(20 * 1024 * 1024) },
    })
    await git(repository.dir, 'repack', '-adfq', '--depth=50', '--window=50')
    await agree(t, root, repository, pointers)
  })

  const skip = dulwich ? false : 'dulwich is not installed: Debian and Ubuntu have it as python3-dulwich'
  t.test(`pointers that are deltas, packed by dulwich, seed ${seed}`, { skip }, async (t) => {
    const { root, repository, pointers } = await pointerHistory(t, seed)
    t.equal(await smallDeltas(repository), 0)
    await repackByDulwich(dulwich as string, repository)
    t.ok((await smallDeltas(repository)) > 20, 'pointers are deltas')
    await agree(t, root, repository, pointers)
  })
}

async function agree(t: Test, root: string, repository: Repository, pointers: readonly Pointer[][]) {
  const [tip, middle] = [await repository.head('main'), await repository.head('middle')]
  for (const [name, options] of Object.entries(SOURCES)) {
    const all = await scanned(t, root, { wants: [tip], haves: [] }, options)
    t.strictSame(all.pointers, sorted(pointers.flat()), `all, ${name}`)
    const fresh = await scanned(t, root, { wants: [tip], haves: [middle] }, options)
    t.strictSame(fresh.pointers, sorted(pointers.slice(-8).flat()), `those of the last commits, ${name}`)
    t.equal(all.lost + fresh.lost, 0)
  }
}
