import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { git, gitWith } from '../testing/git/git.js'
import { createRepository } from '../testing/git/sample-repository.js'

/** The commits and tags that scenarios name, in a repository that lends its objects to those of the scenarios. */
export interface History {
  /** What sources know. */
  shared: string
  /** What targets know: the same, and commits of their own. */
  targetOnly: string
  /** Object ids by the names that scenarios use. */
  ids: Record<string, string>
  /** Whether one commit is another, or an ancestor of it. */
  isAncestor(ancestor: string, commit: string): boolean
  /** Whether an object of that id exists on either side. */
  isKnown(id: string): boolean
}

/**
 * main1 … main30 in a line, two lines that leave it (`side`, after main10; `other`, after main20), a merge of all, a
 * root of its own, an annotated tag, and a line that only the target has (`lost`, after main10).
 */
export async function makeHistory(root: string): Promise<History> {
  const shared = await createRepository(join(root, 'shared.git'))
  await shared.addCommits('main', 30)
  const line = async (name: string, from: string, count: number) => {
    await shared.branch(name, await shared.head(from))
    return shared.addCommits(name, count)
  }
  const main = (await git(shared.dir, 'rev-list', '--reverse', 'main')).split('\n')
  const ids: Record<string, string> = {}
  for (const [index, id] of main.entries()) ids[`main${index + 1}`] = id
  await shared.branch('at10', ids.main10 as string)
  await shared.branch('at20', ids.main20 as string)
  ids.side = await line('side', 'at10', 4)
  ids.other = await line('other', 'at20', 3)
  ids.merge = await shared.commit('merge', { parents: [ids.main30, ids.side, ids.other] as string[] })
  ids.root = await shared.commit('root', { files: { 'alone.txt': 'alone\n' } })
  ids.tag = await shared.tag('v1', ids.main20 as string, { annotated: true })
  ids.otherTag = await shared.tag('v2', ids.main10 as string, { annotated: true })
  const targetOnly = await createRepository(join(root, 'target-only.git'))
  await borrow(targetOnly.dir, shared.dir)
  await targetOnly.branch('lost', ids.main10 as string)
  ids.lost = await targetOnly.addCommits('lost', 3)
  const parents = await git(targetOnly.dir, 'rev-list', '--parents', ...Object.values(ids))
  const known = await git(
    targetOnly.dir,
    'cat-file',
    '--batch-all-objects',
    '--batch-check=%(objectname)',
    '--unordered',
  )
  await Promise.all([forgetRefs(shared.dir), forgetRefs(targetOnly.dir)])
  const objects = new Set(known.split('\n'))
  return {
    shared: shared.dir,
    targetOnly: targetOnly.dir,
    ids,
    isAncestor: ancestry(parents),
    isKnown: (id) => objects.has(id),
  }
}

/** Makes a bare repository with these refs, whose objects are those of `lender`. */
export async function lendTo(dir: string, lender: string, refs: Record<string, string>): Promise<void> {
  await createRepository(dir)
  await borrow(dir, lender)
  const lines = Object.entries(refs).map(([ref, id]) => `create ${ref} ${id}\n`)
  await gitWith(dir, { input: lines.join('') }, 'update-ref', '--stdin')
}

function borrow(dir: string, lender: string): Promise<void> {
  return writeFile(join(dir, 'objects/info/alternates'), `${join(lender, 'objects')}\n`)
}

/** A repository with refs would announce them to those that borrow from it. */
async function forgetRefs(dir: string): Promise<void> {
  const refs = await git(dir, 'for-each-ref', '--format=delete %(refname)')
  await gitWith(dir, { input: `${refs}\n` }, 'update-ref', '--stdin')
}

function ancestry(revList: string): History['isAncestor'] {
  const parents = new Map(revList.split('\n').map((line) => [line.slice(0, 40), line.split(' ').slice(1)]))
  return (ancestor, commit) => {
    const seen = new Set([commit])
    for (const id of seen) for (const parent of parents.get(id) ?? []) seen.add(parent)
    return parents.has(commit) && seen.has(ancestor)
  }
}
