import { PassThrough } from 'node:stream'
import t from 'tap'
import { ProgressDisplay } from '../../../src/cli/output/progress-display.js'
import type { RunEvent } from '../../../src/index.js'

const progress: RunEvent = {
  type: 'progress',
  phase: 'relay',
  sourceBytes: 3 * 1024 ** 2,
  targetBytes: 1024 ** 2,
  bytesPerSecond: 1024,
  objects: { total: 1234 },
  batch: { index: 2, total: 4 },
}

/** What a display writes, to a terminal or to something else. */
function written(
  { isTTY, ...flags }: { isTTY: boolean; progress?: boolean; verbose?: boolean },
  events: RunEvent[],
) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 200 })
  const display = new ProgressDisplay(stream as unknown as NodeJS.WriteStream, flags)
  for (const event of events) display.onEvent(event)
  display.stop()
  return String(stream.read() ?? '')
}

t.test('a terminal gets a bar, as far as anyone knows how far it is', async (t) => {
  const seen = written({ isTTY: true }, [progress])
  t.match(seen, '[#####...............] pack 2 of 4 of 1,234 objects: 3 MiB read, 1 MiB written, 1 KiB/s')
  const { batch: _, ...endless } = progress
  t.notMatch(written({ isTTY: true }, [endless]), '[..')
  const counting = { type: 'remote', side: 'source', text: 'Compressing objects:  50% (2/4)' } as const
  t.match(
    written({ isTTY: true }, [counting]),
    '[##########..........] source: Compressing objects:  50% (2/4)',
  )
})

t.test('anything else gets none, unless it asks', async (t) => {
  t.equal(written({ isTTY: false }, [progress]), '')
  const lines = written({ isTTY: false, progress: true }, [progress])
  t.match(lines, 'pack 2 of 4')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no cursor is to be moved
  t.notMatch(lines, /\u001b/)
})

t.test('a notice stays, and with -v what the remotes say', async (t) => {
  const notice = { type: 'notice', text: 'listing again\u001b[2J' } as const
  const remote = { type: 'remote', side: 'target', text: 'a hook speaks' } as const
  t.equal(written({ isTTY: false }, [notice, remote]), 'note: listing again [2J\n')
  t.equal(written({ isTTY: false, verbose: true }, [remote]), 'target: a hook speaks\n')
})
