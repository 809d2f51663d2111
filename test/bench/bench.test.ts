import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type { Report } from '../../bench/bench.js'
import { goStandIn } from '../../testing/project/go-stand-in.js'
import { projectFile } from '../../testing/project/project.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'

const execute = promisify(execFile)
const bench = projectFile('dist/bench/bench.js')

t.test('one scenario writes its figures, beside their baselines, and draws them', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'results.json')
  // The repositories that it keeps are to go with the test.
  const env = { ...process.env, TMPDIR: folder }
  const args = [bench, '--quick', '--only', '4', '--rounds', '1', '--json', file, '--go', await goStandIn(t)]
  const { stdout } = await execute(process.execPath, args, { env })

  const { quick, rounds, machine, results } = JSON.parse(await readFile(file, 'utf8')) as Report
  t.match({ quick, rounds }, { quick: true, rounds: 1 })
  for (const fact of ['cpu', 'cores', 'memoryMiB', 'node', 'git', 'gitSync', 'commit'])
    t.ok(fact in machine, fact)
  t.equal(machine.node, process.version)
  t.same(
    results.map(({ scenario }) => scenario),
    [4],
  )
  const figures = results[0]?.figures ?? []
  const requests = figures.filter(({ measure }) => measure === 'requests')
  t.same(
    requests.map(({ case: name, median, budget }) => [name, median, budget?.met]),
    ['10 refs', '1000 refs', '10000 refs'].map((name) => [name, 3, true]),
  )
  const [time] = figures
  t.match(time, { measure: 'time', unit: 's', rounds: 1, baseline: { name: 'git ls-remote, twice' } })
  t.equal(time?.ratio?.median, (time?.median ?? 0) / (time?.baseline?.median ?? 0))
  const beside = figures.filter(({ baseline }) => baseline?.name === 'git-sync in Go')
  t.equal(beside.length, 3, 'the other program is measured for each')
  t.ok(beside.every(({ measure, ratio }) => measure === 'time' && (ratio?.median ?? 0) > 0))
  for (const { case: name } of figures) t.ok(stdout.includes(name), `${name} is in the table`)
})

t.test('what cannot be run is refused before anything is measured', async (t) => {
  const refusal = async (...args: string[]) => {
    const { stderr } = await execute(process.execPath, [bench, ...args]).catch((error) => error)
    return stderr
  }
  t.match(await refusal('--only', '11'), /scenarios 1, .* 9, 10/)
  t.match(await refusal('--rounds', 'many'), /--rounds many/)
  t.match(await refusal('--fast'), /--fast/)
})
