import type { Random } from '../random.js'
import { commitCommands, type ImportedCommit } from './fast-import.js'

export interface TangledHistory {
  commits: number
  branches: number
  /** Most bytes of a commit's contents; most commits have far fewer. */
  bytesPerCommit: number
  /** Commits may be older than their parents. */
  datesLie: boolean
}

/** A history with merges, forks and several roots. */
export function* tangledHistory(
  random: Random,
  { commits, branches, bytesPerCommit, datesLie }: TangledHistory,
): Iterable<string | Buffer> {
  for (let number = 1; number <= commits; number++) {
    const commit: ImportedCommit = {
      ref: number % branches === 0 ? 'refs/heads/main' : `refs/heads/branch-${number % branches}`,
      mark: `:${number}`,
      parents: drawParents(random, number),
      message: `commit ${number}\n`,
      date: datesLie ? random.int(1_000_000_000, 1_800_000_000) : 1_700_000_000 + number * 60,
      files: {
        [`file-${random.int(0, 20)}`]: drawText(random, Math.ceil(bytesPerCommit * random.next() ** 3)),
      },
    }
    // Each commit starts anew from its parents, wherever its branch was.
    yield `reset ${commit.ref}\n`
    yield* commitCommands(commit)
  }
}

function drawParents(random: Random, number: number): string[] {
  if (number === 1 || random.chance(0.02)) return []
  const recent = () => random.int(Math.max(1, number - 8), number - 1)
  const parents = new Set([recent()])
  if (random.chance(0.25)) parents.add(recent())
  if (random.chance(0.05)) parents.add(random.int(1, number - 1))
  return [...parents].map((mark) => `:${mark}`)
}

/** Text that hardly compresses. */
function drawText(random: Random, bytes: number): Buffer {
  const text = Buffer.allocUnsafe(bytes)
  for (let at = 0; at < bytes; at++) text[at] = random.int(0, 255)
  return text
}
