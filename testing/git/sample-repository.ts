import { appendFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { commitCommands, fastImport, type ImportedCommit } from './fast-import.js'
import { git, refsOf } from './git.js'
import { type BigHistory, bigHistory, smallCommits } from './sample-history.js'

export interface RepositoryOptions {
  objectFormat?: 'sha1' | 'sha256'
  bare?: boolean
}

/** Makes an empty repository that may be served, pushed to, and fetched from with a filter. */
export async function createRepository(
  dir: string,
  { objectFormat = 'sha1', bare = true }: RepositoryOptions = {},
): Promise<Repository> {
  await mkdir(dir, { recursive: true })
  const flags = [`--object-format=${objectFormat}`, '--initial-branch=main', '--template=']
  await git(dir, 'init', '--quiet', ...flags, ...(bare ? ['--bare'] : []))
  // Written here: a program for each setting would cost more than the test that needs them.
  await appendFile(join(dir, bare ? 'config' : '.git/config'), settings)
  return new Repository(dir)
}

// Housekeeping in the background would outlive the test that removes the repository.
const settings = `
[http]
	receivepack = true
[uploadpack]
	allowFilter = true
[gc]
	auto = 0
[receive]
	autogc = false
`

export type CommitOptions = Partial<Pick<ImportedCommit, 'files' | 'parents' | 'message' | 'date'>>

/**
 * A handle on a repository: history is written straight into it, without a work tree. The same calls in the
 * same order give the same ids, as dates and contents come from a counter.
 */
export class Repository {
  #commits = 0

  constructor(readonly dir: string) {}

  /** Adds a commit on top of the branch, or on top of `parents` wherever the branch is now. */
  async commit(branch: string, options: CommitOptions = {}): Promise<string> {
    const { number, date } = this.#next()
    const commit: ImportedCommit = {
      ref: fullName(branch),
      mark: ':1',
      parents: options.parents ?? (await this.#tips(branch)),
      message: options.message ?? `commit ${number} on ${branch}\n`,
      date: options.date ?? date,
      files: options.files ?? { [`file-${number % 16}.txt`]: `${number} on ${branch}\n` },
    }
    return fastImport(this.dir, [...commitCommands(commit), 'get-mark :1\n'])
  }

  /** Adds many small commits on top of the branch in one go; gives the new tip. */
  async addCommits(branch: string, count: number): Promise<string> {
    const [parent] = await this.#tips(branch)
    await fastImport(
      this.dir,
      smallCommits(fullName(branch), parent, count, () => this.#next()),
    )
    return this.head(branch)
  }

  /** Fills the repository with a history of random contents. */
  async bigHistory(history: BigHistory): Promise<void> {
    await fastImport(this.dir, bigHistory(history))
  }

  /** Sets a tag, also where it exists; gives what the ref names: the tag object, if annotated. */
  async tag(name: string, target: string, { annotated = false } = {}): Promise<string> {
    const flags = annotated ? ['--annotate', `--message=tag ${name}`] : []
    await git(this.dir, 'tag', '--force', ...flags, name, target)
    return git(this.dir, 'rev-parse', '--verify', `refs/tags/${name}`)
  }

  /** Sets a branch, or any ref by its full name, also where it exists. */
  async branch(name: string, oid: string): Promise<void> {
    await git(this.dir, 'update-ref', fullName(name), oid)
  }

  /** Deletes a branch, or any ref by its full name. */
  async delete(name: string): Promise<void> {
    await git(this.dir, 'update-ref', '-d', fullName(name))
  }

  /** Lets go of every object that no ref reaches. */
  async forget(): Promise<void> {
    await git(this.dir, 'reflog', 'expire', '--expire=now', '--all')
    await git(this.dir, 'gc', '--quiet', '--prune=now')
  }

  /** What a branch, or any ref by its full name, is at. */
  head(branch: string): Promise<string> {
    return git(this.dir, 'rev-parse', '--verify', fullName(branch))
  }

  /** Every ref by its full name. */
  refs(): Promise<Record<string, string>> {
    return refsOf(this.dir)
  }

  async #tips(branch: string): Promise<string[]> {
    const tip = await git(this.dir, 'for-each-ref', '--format=%(objectname)', fullName(branch))
    return tip ? [tip] : []
  }

  #next() {
    const number = this.#commits++
    return { number, date: 1_700_000_000 + number * 60 }
  }
}

function fullName(branch: string) {
  return branch.startsWith('refs/') ? branch : `refs/heads/${branch}`
}
