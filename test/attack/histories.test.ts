import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { projectFile } from '../../testing/project/project.js'
import type { HostileRun } from './hostile-run.js'

/** Milliseconds of processor time: several times what is aimed at, for machines that are slow. */
const LONGEST_TURN = 150
/** A quarter of a gigabyte holds the objects that are at hand, the deltas that wait, and one of each being made. */
const MOST_MIB = 250

const bad = (message: RegExp) => ({ code: 'source_protocol_error', message })
/** The history was read to its end, and the target refused what followed. */
const read = { code: 'target_unavailable' }
/** The same, or its pack was over the limit before the target could say so. */
const heavy = { code: /^(?:target_unavailable|pack_limit_exceeded)$/ }

const expected: Record<string, object> = {
  'deltas whose bases are nowhere': bad(/a delta in the pack has no base/),
  'small deltas whose bases are nowhere': bad(/a delta in the pack has no base/),
  'small deltas that make very much': bad(/makes more than 2000 bytes of each/),
  'a delta of millions of instructions': read,
  'parents that share the beginnings of their ids': heavy,
  'a parent more than 16 bits count, the same again and again': read,
  'more parents than 16 bits count, each in the pack': heavy,
  'very many objects of nothing': read,
  'very many objects after one that took long': read,
  'a file of 320 megabytes': read,
  'a commit that is too large': bad(/a commit of more than 16777216 bytes/),
  'a size that never ends': bad(/malformed size/),
  'a distance that never ends': bad(/malformed distance/),
  'a commit that inflates to nothing and never ends': { code: 'deadline_exceeded' },
  'bytes after the last object that never end': bad(/goes on after its last object/),
  'a chain of open deltas, each of which makes a megabyte': read,
}

t.test('no history that a source may tell holds the event loop, or memory, or a run for good', async (t) => {
  const program = projectFile('dist/test/attack/hostile-run.js')
  const args = ['--expose-gc', '--max-old-space-size=128', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 100_000 })
  const runs = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as HostileRun)
  t.strictSame(
    runs.map(({ name }) => name),
    Object.keys(expected),
  )
  for (const run of runs) {
    const { name, longestTurn, milliseconds, grownMiB } = run
    t.comment(
      `${name}: ${milliseconds.toFixed()} ms, a turn of ${longestTurn.toFixed()}, ${grownMiB.toFixed()} MiB`,
    )
    t.match(run, expected[name] ?? {}, name)
    t.ok(longestTurn < LONGEST_TURN, `${name}: a turn of ${longestTurn} ms`)
    t.ok(grownMiB < MOST_MIB, `${name}: ${grownMiB} MiB`)
  }
})
