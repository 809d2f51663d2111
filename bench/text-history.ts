import { commitCommands, fastImport } from '../testing/git/fast-import.js'
import { git } from '../testing/git/git.js'
import { createRepository, type Repository } from '../testing/git/sample-repository.js'

export interface TextHistory {
  commits: number
  /** Lines that a commit writes anew; about 30 bytes each in a pack. */
  linesPerCommit: number
}

const FILES = 200
const LINES = 300
/** Commits in a row that change the same file: fast-import makes its deltas against the blob before. */
const RUN = 50

/** A repository of text whose versions delta well, packed as a server would have it. */
export async function makeTextHistory(dir: string, history: TextHistory): Promise<Repository> {
  const repository = await createRepository(dir)
  await fastImport(dir, textCommits(history), { compression: 6, depth: 50 })
  await git(dir, 'gc', '--quiet')
  return repository
}

function* textCommits({ commits, linesPerCommit }: TextHistory): Generator<string | Buffer> {
  const random = randomNumbers()
  const pool = linePool(random)
  const line = () => pool[random(pool.length)] as string
  const files = Array.from({ length: FILES }, () => Array.from({ length: LINES }, line))
  for (let number = 0; number < commits; number++) {
    const place = Math.floor(number / RUN) % FILES
    const file = files[place] as string[]
    const at = random(LINES - linesPerCommit + 1)
    for (let offset = 0; offset < linesPerCommit; offset++) file[at + offset] = line()
    yield* commitCommands({
      ref: 'refs/heads/main',
      parents: [],
      message: `${line()}\n${line()}`,
      date: 1_400_000_000 + number * 600,
      files: { [`folder-${place % 10}/file-${place}.txt`]: file.join('') },
    })
  }
}

/** Lines of made-up words, enough of them that few are seen twice within what a delta can reach. */
function linePool(random: (below: number) => number): string[] {
  const letters = () => String.fromCharCode(97 + random(26))
  const words = Array.from({ length: 4000 }, () => Array.from({ length: 3 + random(7) }, letters).join(''))
  const word = () => words[random(words.length)] as string
  return Array.from({ length: 65_536 }, () => `${Array.from({ length: 10 }, word).join(' ')}\n`)
}

/** The same numbers in every run: xorshift. */
function randomNumbers(): (below: number) => number {
  let state = 2463534242
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
