import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { commitCommands, fastImport } from '../../testing/git/fast-import.js'
import { git, gitWith } from '../../testing/git/git.js'
import { createRepository } from '../../testing/git/sample-repository.js'
import type { History, ObjectKey } from './history.js'
import type { Scenario } from './scenario.js'
import type { SideDraft } from './sides.js'

export interface Built {
  /** Holds every object of the case. */
  pool: string
  source: string
  target: string
}

/** Makes one empty repository of each kind below `root`, to be copied for the cases. */
export async function createTemplates(root: string): Promise<string> {
  const templates = join(root, 'templates')
  for (const objectFormat of ['sha1', 'sha256'] as const) {
    const { dir } = await createRepository(join(templates, objectFormat), { objectFormat })
    await git(dir, 'config', 'fastimport.unpackLimit', '1')
  }
  return templates
}

/** Builds both sides of a case from one pool of objects; each gets what it needs, and no alternates. */
export async function buildRepositories(
  { objectFormat, history, source, target }: Scenario,
  templates: string,
  folder: string,
): Promise<Built> {
  const built = {
    pool: join(folder, 'pool.git'),
    source: join(folder, 'source.git'),
    target: join(folder, 'target.git'),
  }
  const copy = (dir: string) => cp(join(templates, objectFormat), dir, { recursive: true })
  await Promise.all([copy(built.pool), copy(built.source), copy(built.target)])
  const ids = await fillPool(built.pool, history)
  await Promise.all([
    fillSide(built.source, source, ids, built.pool),
    fillSide(built.target, target, ids, built.pool),
  ])
  return built
}

type Ids = ReadonlyMap<ObjectKey, string>

async function fillPool(pool: string, { commits, blobs, tags }: History): Promise<Ids> {
  const ids = new Map<ObjectKey, string>()
  const keep = (keys: readonly ObjectKey[], lines: string) => {
    const found = lines.split('\n')
    for (const [index, key] of keys.entries()) ids.set(key, found[index] ?? '')
  }
  const commitKeys = commits.map(({ key }) => key)
  keep([...commitKeys, ...blobs], await fastImport(pool, objectCommands(commits, blobs)))
  const trees = commitKeys.map((key) => `${ids.get(key)}^{tree}`)
  keep(
    commitKeys.map((key) => key.replace('c', 'r')),
    await git(pool, 'rev-parse', ...trees),
  )
  if (tags.length > 0) {
    keep(
      tags.map(({ key }) => key),
      await fastImport(pool, tagCommands(tags, ids)),
    )
  }
  return ids
}

function* objectCommands(commits: History['commits'], blobs: readonly ObjectKey[]) {
  for (const [index, { key, parents, date, files }] of commits.entries()) {
    const mark = `:${index + 1}`
    const marks = parents.map((parent) => `:${parent + 1}`)
    yield* commitCommands({
      ref: `refs/pool/${key}`,
      mark,
      parents: marks,
      message: `${key}\n`,
      date,
      files,
    })
    yield `get-mark ${mark}\n`
  }
  for (const [index, key] of blobs.entries()) {
    yield `blob\nmark :${1000 + index}\ndata ${key.length}\n${key}\nget-mark :${1000 + index}\n`
  }
}

function* tagCommands(tags: History['tags'], ids: Ids) {
  const marks = new Map(tags.map(({ key }, index) => [key, `:${index + 1}`]))
  for (const { key, of } of tags) {
    const mark = marks.get(key)
    yield `tag ${key}\nmark ${mark}\nfrom ${marks.get(of) ?? ids.get(of)}\n`
    yield `tagger Tag Ger <tagger@example.org> 1700000000 +0000\ndata 2\n${key}\nget-mark ${mark}\n`
  }
}

async function fillSide(dir: string, side: SideDraft, ids: Ids, pool: string): Promise<void> {
  await writeFile(join(dir, 'HEAD'), `ref: ${side.head}\n`)
  const tips = new Set([...side.refs.values(), ...side.unreachable].map((key) => ids.get(key)))
  if (tips.size === 0) return
  const packs = join(dir, 'objects/pack/pack')
  await gitWith(pool, { input: [...tips].join('\n') }, 'pack-objects', '--quiet', '--revs', packs)
  const lines = [...side.refs].map(([name, key]) => `create ${name} ${ids.get(key)}\n`)
  await gitWith(dir, { input: lines.join('') }, 'update-ref', '--stdin')
  if (side.packedRefs) await git(dir, 'pack-refs', '--all')
  if (side.commitGraph && side.refs.size > 0) await git(dir, 'commit-graph', 'write', '--reachable')
}
