import { createHash } from 'node:crypto'
import type { PlanSummary, RefResult } from '../../src/index.js'
import { git } from '../../testing/git/git.js'
import { compareBytes, kindOf } from './git-names.js'
import { excludeEachOther } from './names.js'
import { type Desired, isPruned } from './oracle-scope.js'
import type { DrawnRequest } from './request.js'

export interface ExpectedRef extends Omit<RefResult, 'reason'> {
  isForced: boolean
}

export interface ExpectedPlan {
  refs: ExpectedRef[]
  summary: PlanSummary
}

type Refs = Record<string, string>

/** api.md, "What each mode does, ref by ref" and "Results". `pool` is a repository with all objects of the case. */
export async function expectPlan(
  request: DrawnRequest,
  desired: ReadonlyMap<string, Desired>,
  target: Refs,
  pool: string,
): Promise<ExpectedPlan> {
  const refs: ExpectedRef[] = []
  for (const ref of desired.values()) refs.push(await expectDesired(request, ref, target, pool))
  for (const [name, hash] of Object.entries(target)) {
    if (request.policy.prune !== true || desired.has(name) || !(await isPruned(request, name))) continue
    refs.push(withAction({ sourceRef: '', targetRef: name, sourceHash: '' }, hash, 'delete'))
  }
  refs.sort((a, b) => compareBytes(a.targetRef, b.targetRef))
  const possible = withoutCollisions(request, refs, target)
  return { refs: possible, summary: summaryOf(possible) }
}

/** git holds no `a/b` beside `a`: of two new ones the deeper is stopped, and a new one beside what stays. */
function withoutCollisions(
  { policy }: DrawnRequest,
  refs: readonly ExpectedRef[],
  target: Refs,
): ExpectedRef[] {
  const namesOf = (action: RefResult['action']) =>
    refs.flatMap((ref) => (ref.action === action ? [ref.targetRef] : []))
  const deleted = new Set(namesOf('delete'))
  const staying = Object.keys(target).filter((name) => !deleted.has(name))
  const created = namesOf('create')
  return refs.map((ref) => {
    const name = ref.targetRef
    if (ref.action !== 'create') return ref
    const isBelow = created.some((other) => name.startsWith(`${other}/`))
    if (!isBelow && !staying.some((other) => excludeEachOther(name, other))) return ref
    return { ...ref, action: policy.bestEffort ? 'warn' : 'block' }
  })
}

export function overwrites({ verb, policy }: DrawnRequest): boolean {
  const isForced = policy.force || policy.forceWithLease || policy.forceBlind
  return verb === 'replicate' || policy.mode === 'replicate' || isForced === true
}

async function expectDesired(
  request: DrawnRequest,
  ref: Desired,
  target: Refs,
  pool: string,
): Promise<ExpectedRef> {
  const old = target[ref.targetRef] ?? ''
  if (old === '') return withAction(ref, old, 'create')
  if (old === ref.sourceHash) return withAction(ref, old, 'skip')
  const isBranch = kindOf(ref.targetRef) === 'branch'
  if (isBranch && (await isAncestor(pool, old, ref.sourceHash))) return withAction(ref, old, 'update')
  return overwrites(request) ? withAction(ref, old, 'update', true) : withAction(ref, old, 'block')
}

function withAction(
  ref: Desired,
  targetHash: string,
  action: RefResult['action'],
  isForced = false,
): ExpectedRef {
  const branch = ref.targetRef.replace(/^refs\/(heads\/|tags\/)?/, '')
  return { ...ref, branch, targetHash, kind: kindOf(ref.targetRef), action, isForced }
}

async function isAncestor(pool: string, old: string, now: string): Promise<boolean> {
  const output = await git(pool, 'merge-base', '--is-ancestor', old, now).catch((error: Error) => error)
  if (output === '') return true
  const { code } = (output as Error).cause as { code?: number }
  if (code === 1) return false
  throw output
}

function summaryOf(refs: readonly ExpectedRef[]): PlanSummary {
  const count = (action: RefResult['action']) => refs.filter((ref) => ref.action === action).length
  return {
    digest: digestOf(refs),
    create: count('create'),
    update: count('update'),
    forced: refs.filter(({ isForced }) => isForced).length,
    delete: count('delete'),
    skip: count('skip'),
    block: count('block'),
  }
}

function digestOf(refs: readonly ExpectedRef[]): string {
  const length = Math.max(...refs.map((ref) => (ref.sourceHash || ref.targetHash).length))
  const zeros = '0'.repeat(length)
  const lines = refs
    .filter(({ action }) => action !== 'skip')
    .map((ref) => [ref.action, ref.targetRef, ref.targetHash || zeros, ref.sourceHash || zeros].join(' '))
    .sort(compareBytes)
  const text = lines.map((line) => `${line}\n`).join('')
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}
