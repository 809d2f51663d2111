import t from 'tap'
import { goArguments, goRun } from '../../bench/go-program.js'
import { stage } from '../../testing/cases/stage.js'
import { goStandIn } from '../../testing/project/go-stand-in.js'

const request = { source: { url: 'http://s.example/a.git' }, target: { url: 'http://t.example/a.git' } }
const urls = [request.source.url, request.target.url]

t.test('a request becomes a command line', async (t) => {
  t.strictSame(goArguments(request), ['sync', ...urls])
  const policy = { force: true, prune: true, includeTags: true }
  const flags = ['--tags', '--prune', '--force-with-lease', '--target-max-pack-bytes', '6000000']
  const full = { ...request, policy, options: { targetMaxPackBytes: 6_000_000 } }
  t.strictSame(goArguments(full), ['sync', ...flags, ...urls])
  t.strictSame(goArguments({ ...request, policy: { mode: 'replicate' } }), ['replicate', ...urls])
})

t.test('a program with that command line is run and timed', async (t) => {
  const { source, target, request } = await stage(t)
  await source.commit('main')
  await source.tag('v1', 'main')
  const go = await goStandIn(t)
  const { seconds = 0 } = await goRun({ go }, request({ policy: { includeTags: true } }))
  t.ok(seconds > 0)
  t.strictSame(await target.soundRefs(), await source.refs())
  await t.rejects(goRun({ go }, request({ target: { url: `${target.url}/no` } })), 'a failure is reported')
  t.strictSame(await goRun({}, request()), {}, 'nothing is run where none is given')
})
