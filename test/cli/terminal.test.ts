import t from 'tap'
import { stage } from '../../testing/cases/stage.js'
import { gitSync, gitSyncOnTerminal } from '../../testing/processes/command.js'

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const ESCAPES = /\u001b/

t.test('no colours and no bar into a pipe; lines with --progress', async (t) => {
  const { source, target } = await stage(t)
  await source.addCommits('main', 20)
  const plan = await gitSync(['plan', source.url, target.url], {
    env: { CI: 'true', TERM: 'xterm-256color' },
  })
  t.notMatch(plan.stdout + plan.stderr, ESCAPES)
  t.equal(plan.stderr, '')
  const sync = await gitSync(['sync', source.url, target.url, '--progress'])
  t.match(sync.stderr, /pack.*: \d.* read, \d.* written/)
  t.notMatch(sync.stdout + sync.stderr, ESCAPES)
  const failed = await gitSync(['sync', `${source.url}x`, target.url])
  t.notMatch(failed.stderr, ESCAPES)
})

t.test('a terminal gets colours and a bar, unless NO_COLOR says otherwise', async (t) => {
  const { source, target } = await stage(t)
  await source.addCommits('main', 20)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const colours = /\u001b\[3\d?m/
  const plan = await gitSyncOnTerminal(['plan', source.url, target.url])
  t.match(plan.output, colours)
  const plain = await gitSyncOnTerminal(['plan', source.url, target.url], { env: { NO_COLOR: '1' } })
  t.notMatch(plain.output, colours)
  const { status, output } = await gitSyncOnTerminal(['sync', source.url, target.url])
  t.equal(status, 0)
  t.match(output, /pack.*: \d.* read, \d.* written/)
  t.ok(output.includes('\u001b[?25h'), 'the cursor is shown again')
})
