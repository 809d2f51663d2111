import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fastImport } from '../testing/git/fast-import.js'
import { git, gitWith } from '../testing/git/git.js'
import { createRepository } from '../testing/git/sample-repository.js'
import { tangledHistory } from '../testing/git/tangled-history.js'
import { Random } from '../testing/random.js'

/** Commits and tags without a ref, which all sources have: to change a source is to set its refs. */
export interface Pool {
  commits: string[]
  tags: string[]
  /** The commits that have this one as a parent. */
  children(commit: string): string[]
  /** Makes a repository that has all of them. */
  lendTo(dir: string): Promise<void>
}

const HISTORY = { commits: 160, branches: 4, bytesPerCommit: 20_000, datesLie: false }
const TAGS = 6

export async function makePool(dir: string, seed: number): Promise<Pool> {
  await createRepository(dir)
  const random = new Random(seed)
  await fastImport(dir, tangledHistory(random, HISTORY))
  const commits = await objectsOf(dir, 'commit')
  for (let i = 0; i < TAGS; i++) await git(dir, 'tag', '-a', `-m=tag ${i}`, `t${i}`, random.pick(commits))
  const tags = await objectsOf(dir, 'tag')
  // A pool with refs would announce them to those that borrow from it.
  const refs = await git(dir, 'for-each-ref', '--format=delete %(refname)')
  const children = await childrenOf(dir, commits)
  await gitWith(dir, { input: `${refs}\n` }, 'update-ref', '--stdin')
  return {
    commits,
    tags,
    children: (commit) => children.get(commit) ?? [],
    lendTo: async (borrower) => {
      await createRepository(borrower)
      await writeFile(join(borrower, 'objects/info/alternates'), `${join(dir, 'objects')}\n`)
      // Nobody reads them, and a source is changed often.
      await appendFile(join(borrower, 'config'), '[core]\n\tlogAllRefUpdates = false\n')
    },
  }
}

async function objectsOf(dir: string, type: string): Promise<string[]> {
  const format = '--batch-check=%(objecttype) %(objectname)'
  const lines = (await git(dir, 'cat-file', '--batch-all-objects', format)).split('\n')
  return lines.filter((line) => line.startsWith(`${type} `)).map((line) => line.slice(type.length + 1))
}

async function childrenOf(dir: string, commits: readonly string[]): Promise<Map<string, string[]>> {
  const children = new Map<string, string[]>()
  const lines = await gitWith(dir, { input: commits.join('\n') }, 'rev-list', '--parents', '--stdin')
  for (const line of lines.split('\n')) {
    const [commit = '', ...parents] = line.split(' ')
    for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), commit])
  }
  return children
}
