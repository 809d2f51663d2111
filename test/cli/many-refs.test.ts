import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { stage } from '../../testing/cases/stage.js'
import { gitEnv } from '../../testing/git/git.js'
import { cli, gitSync } from '../../testing/processes/command.js'

t.test('many refs stay readable, blocked ones too', async (t) => {
  const { source, target, client, request } = await stage(t)
  const main = await source.commit('main')
  const names = (count: number) => Array.from({ length: count }, (_, n) => `refs/heads/b${n}`)
  await source.setRefs(Object.fromEntries(names(500).map((name) => [name, main])))
  const plan = await gitSync(['plan', source.url, target.url])
  t.ok(plan.stdout.split('\n').length < 60)
  t.match(plan.stdout, 'not shown: 450 more to create')
  t.equal((await gitSync(['plan', source.url, target.url, '-v'])).stdout.match(/^create /gm)?.length, 500)

  await client.sync(request({ scope: { branches: ['b1*'] } }))
  const other = await source.commit('other', { parents: [] })
  await source.setRefs(Object.fromEntries(names(500).map((name) => [name, other])))
  const sync = await gitSync(['sync', source.url, target.url])
  t.equal(sync.status, 3)
  t.ok(sync.stderr.split('\n').length < 30)
  t.match(sync.stderr, /^and \d+ more \(-v shows all\)$/m)
})

t.test('a reader that stops early is no failure', async (t) => {
  const { source, target } = await stage(t)
  const main = await source.commit('main')
  const names = Array.from({ length: 800 }, (_, n) => `refs/heads/b${n}`)
  await source.setRefs(Object.fromEntries(names.map((name) => [name, main])))
  for (const flag of ['-v', '--json']) {
    const command = [process.execPath, cli, 'plan', source.url, target.url, flag].join(' ')
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', `${command} | head -c 10`], {
      env: gitEnv(),
    })
    t.equal(stdout.length, 10)
    t.notMatch(stderr, /EPIPE|Error/)
  }
})

t.test('without a reader of its messages, a sync goes on', async (t) => {
  const { source, target } = await stage(t)
  await source.commit('main')
  const env = { ...gitEnv(), GITSYNC_TRACE_PACKET: '1' }
  const sync = spawn(process.execPath, [cli, 'sync', source.url, target.url], { env })
  sync.stderr.destroy()
  const status = await new Promise((resolve) => sync.once('exit', resolve))
  t.equal(status, 0)
  t.strictSame(await target.soundRefs(), await source.soundRefs())
})
