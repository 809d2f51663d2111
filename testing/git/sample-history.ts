import { createCipheriv } from 'node:crypto'
import { commitCommands } from './fast-import.js'

/** `count` commits in a line, each changing one small file. */
export function* smallCommits(
  ref: string,
  parent: string | undefined,
  count: number,
  next: () => { number: number; date: number },
): Iterable<string | Buffer> {
  for (let made = 0; made < count; made++) {
    const { number, date } = next()
    // Within one import a ref's commits follow each other by themselves.
    const parents = made === 0 && parent ? [parent] : []
    const files = { [`file-${number % 16}.txt`]: `${number}\n` }
    yield* commitCommands({ ref, parents, message: `commit ${number}\n`, date, files })
  }
}

export interface BigHistory {
  /** Commits in all, dealt out to the branches in turn. */
  commits: number
  bytesPerCommit: number
  /** How many branches: `main`, `branch-1`, `branch-2`, …, all grown from the first commit. */
  branches?: number
}

/** A history whose packs are as large as its contents, as those do not compress. */
export function* bigHistory({
  commits,
  bytesPerCommit,
  branches = 1,
}: BigHistory): Iterable<string | Buffer> {
  const random = randomBytes()
  for (let number = 0; number < commits; number++) {
    const branch = number % branches
    yield* commitCommands({
      ref: branch === 0 ? 'refs/heads/main' : `refs/heads/branch-${branch}`,
      ...(number === 0 && { mark: ':1' }),
      parents: branch > 0 && number < branches ? [':1'] : [],
      message: `big commit ${number}\n`,
      date: 1_700_000_000 + number * 60,
      files: { [`data-${number % 64}.bin`]: random(bytesPerCommit) },
    })
  }
}

/** Commits that each add random bytes, in these sizes; with merges, every third one merges the two before it. */
export function* sizedCommits(sizes: readonly number[], { merges = false } = {}): Iterable<string | Buffer> {
  const random = randomBytes()
  for (const [index, size] of sizes.entries()) {
    const number = index + 1
    const isSide = merges && number % 3 === 0
    const isMerge = merges && number % 3 === 1 && number > 3
    yield* commitCommands({
      ref: 'refs/heads/main',
      mark: `:${number}`,
      parents: [isSide && `:${number - 2}`, isMerge && `:${number - 2}`, isMerge && `:${number - 1}`].filter(
        (parent) => parent !== false,
      ),
      message: `commit ${number}\n`,
      date: 1_700_000_000 + number * 60,
      files: { [`data-${number % 7}.bin`]: random(size) },
    })
  }
}

/** A key stream looks random, is the same in every run, and comes at gigabytes a second. */
function randomBytes() {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16))
  return (length: number) => cipher.update(Buffer.alloc(length))
}
