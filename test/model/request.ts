import type { RefMapping, RefScope, SyncPolicy, TransferOptions } from '../../src/index.js'
import type { Random } from '../../testing/random.js'
import { branchNames, excludeEachOther, otherNames, tagNames } from './names.js'

export interface DrawnRequest {
  verb: 'sync' | 'replicate'
  scope: RefScope
  policy: SyncPolicy
  options: TransferOptions
  /** The plan that the run is told to expect: none, the one that was just made, or another. */
  expects: 'nothing' | 'plan' | 'other-plan'
}

/** Any scope with any policy; a few of them contradict themselves. */
export function drawRequest(random: Random, sourceRefs: readonly string[]): DrawnRequest {
  const verb = random.chance(0.15) ? 'replicate' : 'sync'
  return {
    verb,
    scope: drawScope(random, sourceRefs),
    policy: drawPolicy(random, verb),
    options: random.chance(0.45) ? { targetMaxRefUpdates: random.int(0, 4) } : {},
    expects: random.weighted({ nothing: 7, plan: 3, 'other-plan': 0.5 }),
  }
}

function drawScope(random: Random, sourceRefs: readonly string[]): RefScope {
  const scope: RefScope = {}
  const kind = random.weighted({ all: 4, branches: 2, mappings: 3, contradiction: 0.2 })
  if (kind === 'branches' || kind === 'contradiction') scope.branches = drawBranches(random)
  else if (random.chance(0.2)) scope.branches = random.pick([null, []])
  if (kind === 'mappings' || kind === 'contradiction') scope.mappings = drawMappings(random, sourceRefs)
  else if (random.chance(0.2)) scope.mappings = random.pick([null, []])
  const needsAllRefs = (scope.mappings ?? []).some(({ source }) => /^refs\/(?!heads|tags)/.test(source))
  if (kind !== 'branches' && random.chance(needsAllRefs ? 0.97 : 0.35)) scope.allRefs = true
  if (random.chance(0.2)) scope.excludeRefPrefixes = random.some(prefixes, 0.3)
  if (random.chance(0.25)) scope.excludeRefs = drawExcludes(random)
  return scope
}

const prefixes = [
  'refs/heads/a',
  'refs/heads/release/',
  'refs/heads/up/',
  'refs/tags/',
  'refs/tags/v1.',
  'refs/notes/',
  'refs/custom/x',
  'refs/h',
]

const short = (name: string) => name.replace('refs/heads/', '')

function drawBranches(random: Random): string[] {
  const names = random.some(branchNames, 0.25)
  if (random.chance(0.15)) names.push(random.pick(branchNames))
  const given = names.map((name) => (random.chance(0.5) ? name : short(name)))
  // A short name that starts like a full one would be taken for one.
  return [...given, ...random.some(['release/*', 'a*', 'refs/heads/*', '*/b', 'topic/*/x', '*'], 0.15)]
}

function drawExcludes(random: Random): string[] {
  const names: string[] = random.some([...branchNames, ...tagNames, ...otherNames], 0.08)
  if (random.chance(0.03)) names.push('heads/main')
  return [
    ...names,
    ...random.some(['refs/heads/*/x', 'refs/heads/topic/*/x', 'refs/tags/v*', 'refs/*/x'], 0.2),
  ]
}

const starMappings: [string, string][] = [
  ['*', 'up/*'],
  ['refs/heads/*', 'refs/heads/*'],
  ['refs/heads/*', 'refs/heads/up-*'],
  ['release/*', 'rel/*'],
  ['a*', 'mirror/*'],
  ['*', '*-mirror'],
  ['*/b', 'x/*/y'],
  ['topic/*/x', 'mirrored/*/x'],
  ['refs/heads/topic/*', 'refs/heads/*'],
  ['refs/tags/*', 'refs/tags/up/*'],
  ['refs/tags/v*', 'refs/tags/w*'],
  ['refs/tags/*', 'refs/tags/*'],
  ['refs/custom/*', 'refs/mirror/*'],
  ['refs/notes/*', 'refs/notes/up/*'],
]

const oddMappings: [string, string][] = [
  ['main', 'refs/heads/main2'],
  ['refs/heads/main', 'refs/tags/main'],
  ['refs/tags/*', 'refs/heads/*'],
  ['a*', 'mirror'],
  ['a*', 'mirror/*/*'],
  ['main', 'a..b'],
]

function drawMappings(random: Random, sourceRefs: readonly string[]): RefMapping[] {
  const mappings: RefMapping[] = []
  const count = Number(random.weighted({ 1: 5, 2: 3, 3: 1 }))
  while (mappings.length < count) {
    const [source, target] = drawMapping(random, sourceRefs)
    const collides = mappings.some((other) => excludeEachOther(withPrefix(other.target), withPrefix(target)))
    if (!collides) mappings.push({ source, target })
    else if (random.chance(0.5)) break
  }
  return mappings
}

function drawMapping(random: Random, sourceRefs: readonly string[]): [string, string] {
  const kind = random.weighted({ star: 4, branch: 4, tag: 1.5, other: 1, odd: 0.2 })
  if (kind === 'star') return random.pick(starMappings)
  if (kind === 'odd') return random.pick(oddMappings)
  const names = { branch: branchNames, tag: tagNames, other: otherNames }[kind]
  const present = names.filter((name) => sourceRefs.includes(name))
  const source = random.pick(present.length > 0 && random.chance(0.95) ? present : names)
  const renamed = source.replace(/^(refs\/[^/]+\/)/, random.chance(0.3) ? '$1' : '$1renamed/')
  const target = random.chance(0.3) ? random.pick(names) : renamed
  const bothShort = kind === 'branch' && random.chance(0.5) && !short(target).startsWith('refs/')
  return bothShort && !short(source).startsWith('refs/') ? [short(source), short(target)] : [source, target]
}

function withPrefix(name: string): string {
  return name.startsWith('refs/') ? name : `refs/heads/${name}`
}

function drawPolicy(random: Random, verb: 'sync' | 'replicate'): SyncPolicy {
  const policy: SyncPolicy = {}
  if (random.chance(0.3)) policy.mode = random.pick(['', 'sync'])
  drawForce(random, verb, policy)
  if (random.chance(0.4)) policy.includeTags = random.chance(0.9)
  if (random.chance(0.6)) policy.prune = random.chance(0.9)
  if (random.chance(0.25)) policy.bestEffort = true
  if (random.chance(policy.bestEffort ? 0.02 : 0.15)) policy.atomic = true
  if (random.chance(0.15)) policy.maxDeletes = random.int(0, 3)
  if (random.chance(0.15)) policy.maxForced = random.int(0, 3)
  if (random.chance(0.7)) policy.protocol = random.pick(['', 'auto', 'v1', 'v2'])
  return policy
}

function drawForce(random: Random, verb: 'sync' | 'replicate', policy: SyncPolicy): void {
  if (verb === 'replicate') {
    if (random.chance(0.03)) policy.force = true
    return
  }
  switch (random.weighted({ none: 4, force: 2, lease: 1, blind: 1, replicate: 1, contradiction: 0.1 })) {
    case 'force':
      policy.force = true
      break
    case 'lease':
      policy.forceWithLease = true
      break
    case 'blind':
      policy.forceBlind = true
      break
    case 'replicate':
      policy.mode = 'replicate'
      break
    case 'contradiction':
      policy.force = true
      policy.forceBlind = true
  }
}
