import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { type BenchOptions, runBench } from '../../src/cli/run/bench.js'
import { failureOf, stage } from '../../testing/cases/stage.js'
import { createRepository } from '../../testing/git/sample-repository.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'

async function output(options: BenchOptions): Promise<string> {
  const out = new PassThrough()
  const read = text(out)
  await runBench(options, out)
  out.end()
  return read
}

t.test('a repository on disk is synced again and again into fresh targets', async (t) => {
  const folder = await temporaryFolder(t)
  const source = await createRepository(join(folder, 'repository.git'))
  await source.bigHistory({ commits: 8, bytesPerCommit: 100_000, branches: 2 })
  await source.tag('v1', 'main', { annotated: true })
  const report = JSON.parse(await output({ source: source.dir, repeat: 3, json: true }))
  t.equal(report.source, source.dir)
  t.equal(report.runs.length, 3)
  for (const run of report.runs) {
    t.match(run, { refs: 3, pushes: 1, transferMode: 'bootstrap' })
    t.ok(run.sourceBytes > 800_000 && run.targetBytes > 800_000, 'all of it crossed each time')
    t.ok(run.peakRssBytes >= run.idleRssBytes && run.seconds > 0)
  }
  t.same(report.summary.pushes, { median: 1, min: 1, max: 1 })
})

t.test('a limit makes batches, and the table says so', async (t) => {
  const folder = await temporaryFolder(t)
  const source = await createRepository(join(folder, 'repository.git'))
  await source.bigHistory({ commits: 12, bytesPerCommit: 100_000 })
  const drawn = await output({ source: source.dir, repeat: 1, targetMaxPackBytes: 500_000 })
  t.match(drawn, /1 first syncs of .*bootstrap-batch/)
  const pushes = Number(/^pushes +(\d+)/m.exec(drawn)?.[1])
  t.ok(pushes >= 3, `${pushes} pushes`)
})

t.test('a URL is a source too, with its credentials', async (t) => {
  const { source } = await stage(t, { source: { auth: { username: 'git', password: 'secret' } } })
  await source.commit('main')
  const auth = { source: { token: 'secret' } }
  const printed = await output({ source: source.url, repeat: 1, protocol: 'v1', json: true, auth })
  t.match(JSON.parse(printed).runs, [{ refs: 1 }])
  t.notMatch(printed, 'secret')
  t.equal((await failureOf(output({ source: source.url, repeat: 1 }))).code, 'source_unauthorized')
})

t.test('what is no repository is refused, and nothing is left behind', async (t) => {
  const folder = await temporaryFolder(t)
  const before = process.env.TMPDIR
  process.env.TMPDIR = folder
  t.teardown(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  })
  const empty = join(folder, 'empty')
  await mkdir(empty)
  t.match(await failureOf(output({ source: join(folder, 'nowhere') })), {
    code: 'invalid_request',
    message: /nowhere/,
  })
  t.match(await failureOf(output({ source: empty })), {
    code: 'invalid_request',
    message: /not a git repository/,
  })
  t.same(await readdir(folder), ['empty'])
})
