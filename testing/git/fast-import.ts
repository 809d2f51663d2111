import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { gitEnv } from './git.js'

// Stored, not deflated, and without deltas: test data is made to be moved, not to be small.
const AS_IT_IS = { compression: 0, depth: 0 }

/** Feeds commands to one `git fast-import` no faster than it takes them, and gives what it printed. */
export async function fastImport(
  dir: string,
  commands: Iterable<string | Buffer>,
  { compression, depth } = AS_IT_IS,
): Promise<string> {
  const settings = ['-c', `core.compression=${compression}`]
  const args = [...settings, 'fast-import', '--quiet', '--force', `--depth=${depth}`]
  const child = spawn('git', args, { cwd: dir, env: gitEnv() })
  const [stdout, stderr, [code], fed] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
    pipeline(Readable.from(commands, { objectMode: true }), child.stdin).catch((error: Error) => error),
  ])
  if (code !== 0 || fed) throw new Error(`git fast-import: ${stderr.trim() || fed?.message}`)
  return stdout.trim()
}

export interface ImportedCommit {
  ref: string
  /** An id or a mark; none for a root commit. */
  parents: string[]
  message: string
  /** Seconds since the epoch. */
  date: number
  /** Contents by path, on top of the first parent's; `null` removes the path. */
  files: Record<string, string | Buffer | null>
  mark?: string
}

/** The commands of one commit. */
export function* commitCommands(commit: ImportedCommit): Iterable<string | Buffer> {
  yield `commit ${commit.ref}\n`
  if (commit.mark) yield `mark ${commit.mark}\n`
  yield `author Ada Author <ada@example.org> ${commit.date} +0000\n`
  yield `committer Carl Committer <carl@example.org> ${commit.date} +0000\n`
  yield* data(commit.message)
  for (const [index, parent] of commit.parents.entries()) {
    yield `${index === 0 ? 'from' : 'merge'} ${parent}\n`
  }
  for (const [path, contents] of Object.entries(commit.files)) {
    if (contents === null) yield `D ${path}\n`
    else {
      yield `M 100644 inline ${path}\n`
      yield* data(contents)
    }
  }
  yield '\n'
}

function* data(contents: string | Buffer): Iterable<string | Buffer> {
  yield `data ${Buffer.byteLength(contents)}\n`
  yield contents
  yield '\n'
}
