import type { ImportedCommit } from '../../testing/git/fast-import.js'
import type { Random } from '../../testing/random.js'

/** An object of the pool: `c3` a commit, `b1` a blob, `r3` the tree of `c3`, `t0` an annotated tag. */
export type ObjectKey = string

export interface PoolCommit extends Pick<ImportedCommit, 'date' | 'files'> {
  key: ObjectKey
  /** Indices of earlier commits. */
  parents: number[]
}

export interface PoolTag {
  key: ObjectKey
  /** Another tag stands before this one in the list. */
  of: ObjectKey
}

/** All objects that a case may use, on whichever side. */
export interface History {
  commits: PoolCommit[]
  blobs: ObjectKey[]
  tags: PoolTag[]
}

/** Commits with merges, criss-cross merges, an octopus now and then, several roots, and dates that may lie. */
export function drawHistory(random: Random): History {
  const commits: PoolCommit[] = []
  const dateOf = drawDates(random)
  const count = random.int(3, 24)
  for (let index = 0; index < count; index++) {
    commits.push({
      key: `c${index}`,
      parents: drawParents(random, commits),
      date: dateOf(index),
      files: { [`file-${random.int(0, 3)}`]: `${index}\n`, 'dir/common': `${index % 5}\n` },
    })
  }
  const blobs = ['b0', 'b1', 'b2']
  return { commits, blobs, tags: drawTags(random, commits, blobs) }
}

/** All commits that a commit descends from. */
export function ancestorsOf({ commits }: History, index: number): number[] {
  const found = new Set<number>()
  const walk = [...(commits[index]?.parents ?? [])]
  for (let next = walk.pop(); next !== undefined; next = walk.pop()) {
    if (found.has(next)) continue
    found.add(next)
    walk.push(...(commits[next]?.parents ?? []))
  }
  return [...found]
}

function drawParents(random: Random, commits: readonly PoolCommit[]): number[] {
  const count = commits.length
  if (count === 0 || random.chance(0.06)) return []
  const recent = () => random.int(Math.max(0, count - 4), count - 1)
  const last = commits[recent()]
  // Two merges of the same two commits, the other way round: a criss-cross.
  if (last?.parents.length === 2 && random.chance(0.4)) return [...last.parents].reverse()
  const wanted = random.weighted({ 1: 60, 2: 30, 3: 5, 5: 5 })
  return [...new Set(Array.from({ length: Number(wanted) }, recent))]
}

function drawDates(random: Random): (index: number) => number {
  const start = 1_700_000_000
  switch (random.weighted({ honest: 4, random: 4, backwards: 2, equal: 1 })) {
    case 'honest':
      return (index) => start + index * 60
    case 'random':
      return () => random.int(1, 2_000_000_000)
    case 'backwards':
      return (index) => start - index * 86_400
    default:
      return () => start
  }
}

function drawTags(random: Random, commits: readonly PoolCommit[], blobs: readonly ObjectKey[]): PoolTag[] {
  const tags: PoolTag[] = []
  const count = random.int(0, 5)
  for (let index = 0; index < count; index++) {
    const commit = random.int(0, commits.length - 1)
    const of = {
      commit: `c${commit}`,
      tree: `r${commit}`,
      blob: random.pick(blobs),
      tag: tags.at(-1)?.key ?? `c${commit}`,
    }
    tags.push({ key: `t${index}`, of: of[random.weighted({ commit: 5, tag: 3, tree: 1, blob: 1 })] })
  }
  return tags
}
