import type { Random } from '../../testing/random.js'
import { ancestorsOf, type History, type ObjectKey } from './history.js'
import { branchNames, excludeEachOther, otherNames, tagNames } from './names.js'
import type { DrawnRequest } from './request.js'
import { fullName, namesOnTarget } from './scope-names.js'

export interface SideDraft {
  refs: Map<string, ObjectKey>
  /** What the repository has beside what its refs reach. */
  unreachable: ObjectKey[]
  /** The ref that HEAD names; it may not exist. */
  head: string
  packedRefs: boolean
  commitGraph: boolean
}

export function drawSource(random: Random, history: History): SideDraft {
  const refs = new Map<string, ObjectKey>()
  const density = random.pick([0.15, 0.3, 0.5])
  const add = (name: string, key: ObjectKey) => {
    if (![...refs.keys()].some((other) => excludeEachOther(name, other))) refs.set(name, key)
  }
  if (random.chance(0.02)) return finish(random, refs, [])
  for (const name of random.shuffle(random.some(branchNames, density))) add(name, drawCommit(random, history))
  for (const name of random.shuffle(random.some(tagNames, density))) add(name, drawObject(random, history))
  for (const name of random.shuffle(random.some(otherNames, density))) add(name, drawObject(random, history))
  return finish(random, refs, random.chance(0.3) ? history.commits.map(({ key }) => key) : [])
}

/** A target that was a mirror once, more or less, with refs of its own. */
export function drawTarget(
  random: Random,
  history: History,
  source: SideDraft,
  { scope }: DrawnRequest,
): SideDraft {
  const refs = new Map<string, ObjectKey>()
  const isCalm = random.chance(0.5)
  const rivals = random.chance(0.25) ? 0.3 : 0
  const drafts: [string, ObjectKey | undefined][] = []
  for (const [name, key] of source.refs) {
    for (const own of namesOnTarget(scope, name)) {
      const isBranch = name.startsWith('refs/heads/')
      const other = random.chance(rivals) ? rivalOf(random, own) : own
      drafts.push([other, drawOld(random, history, key, isCalm, isBranch)])
    }
  }
  for (const name of random.some(extraNames(scope), random.pick([0, 0.05, 0.15]))) {
    const isBranch = name.startsWith('refs/heads/')
    drafts.push([name, isBranch ? drawCommit(random, history) : drawObject(random, history)])
  }
  if (random.chance(0.08)) drafts.length = 0
  for (const [name, key] of random.shuffle(drafts)) {
    if (key !== undefined && ![...refs.keys()].some((other) => excludeEachOther(name, other)))
      refs.set(name, key)
  }
  return finish(random, refs, random.chance(0.2) ? [drawObject(random, history)] : [])
}

/** A name that excludes this one: it must go before this one can come. */
function rivalOf(random: Random, name: string): string {
  const parts = name.split('/')
  return parts.length > 3 && random.chance(0.5) ? parts.slice(0, -1).join('/') : `${name}/before`
}

function finish(random: Random, refs: Map<string, ObjectKey>, unreachable: ObjectKey[]): SideDraft {
  const branches = [...refs.keys()].filter((name) => name.startsWith('refs/heads/'))
  const existing = branches.length > 0 && random.chance(0.6) ? random.pick(branches) : undefined
  return {
    refs,
    unreachable,
    head: existing ?? 'refs/heads/unborn',
    packedRefs: random.chance(0.4),
    commitGraph: random.chance(0.2),
  }
}

function drawCommit(random: Random, { commits }: History): ObjectKey {
  return random.pick(commits).key
}

function drawObject(random: Random, history: History): ObjectKey {
  const kind = random.weighted({ commit: 5, tag: 4, tree: 0.5, blob: 1 })
  if (kind === 'tag' && history.tags.length > 0) return random.pick(history.tags).key
  if (kind === 'blob') return random.pick(history.blobs)
  return kind === 'tree' ? drawCommit(random, history).replace('c', 'r') : drawCommit(random, history)
}

/** What a target ref is at, seen from what the source has there now. */
function drawOld(
  random: Random,
  history: History,
  now: ObjectKey,
  isCalm: boolean,
  isBranch: boolean,
): ObjectKey | undefined {
  const rare = isCalm ? 0.02 : 1.5
  const behind = isBranch ? 3 : rare
  const relation = random.weighted({ equal: 4, behind, absent: 2, ahead: rare, other: rare })
  const index = Number(now.slice(1))
  if (relation === 'absent') return undefined
  if (!now.startsWith('c')) return relation === 'other' ? drawObject(random, history) : now
  if (relation === 'other') return drawCommit(random, history)
  const candidates = {
    equal: [index],
    behind: ancestorsOf(history, index),
    ahead: [...history.commits.keys()].filter((other) => ancestorsOf(history, other).includes(index)),
  }[relation]
  return candidates.length === 0 ? now : `c${random.pick(candidates)}`
}

function extraNames(scope: DrawnRequest['scope']): string[] {
  const mapped = (scope.mappings ?? []).flatMap(({ target }) =>
    ['lost', 'lost/child'].map((star) => fullName(target).replace('*', star)),
  )
  return [...branchNames, ...tagNames, ...otherNames, ...mapped].filter((name) => !/\*|\.\.|\/\//.test(name))
}
