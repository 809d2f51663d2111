import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { stage } from '../../testing/cases/stage.js'
import { configEnv } from '../../testing/git/git.js'
import { gitSync, gitSyncOnTerminal } from '../../testing/processes/command.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'

const SECRET = 'hush-hush-secret'
const auth = { username: 'ada', password: SECRET }

/** A credential helper that knows one password, and a log of what git asked of it. */
async function helper(t: Test, password: string) {
  const folder = await temporaryFolder(t)
  const [script, log] = [join(folder, 'helper'), join(folder, 'log')]
  const lines = ['#!/bin/sh', `echo "$1" >> '${log}'`, `sed 's/^/  /' >> '${log}'`]
  lines.push(`[ "$1" = get ] && printf 'username=ada\\npassword=${password}\\n'`, 'true')
  await writeFile(script, `${lines.join('\n')}\n`, { mode: 0o755 })
  await writeFile(log, '')
  return {
    env: configEnv({ 'credential.helper': script }),
    asked: async () => (await readFile(log, 'utf8')).split('\n').filter((line) => /^\w/.test(line)),
    log: () => readFile(log, 'utf8'),
  }
}

t.test('git’s helper is asked for both sides, and told that its answers were good', async (t) => {
  const { source, target } = await stage(t, { source: { auth }, target: { auth } })
  await source.commit('main')
  const { env, asked, log } = await helper(t, SECRET)

  const { status, stdout, stderr } = await gitSync(['sync', source.url, target.url], { env })

  t.equal(status, 0, stderr)
  t.strictSame(await target.soundRefs(), await source.refs())
  t.strictSame((await asked()).sort(), ['get', 'get', 'store', 'store'])
  t.match(await log(), `host=${new URL(source.url).host}`)
  t.notMatch(stdout + stderr, SECRET)
})

t.test('a public repository is asked for nothing, and so is no helper', async (t) => {
  const { source, target } = await stage(t)
  await source.commit('main')
  const { env, asked } = await helper(t, SECRET)
  t.equal((await gitSync(['sync', source.url, target.url], { env })).status, 0)
  t.strictSame(await asked(), [])
})

t.test('a helper whose answer is refused is told so, once', async (t) => {
  const { source, target } = await stage(t, { target: { auth } })
  await source.commit('main')
  const { env, asked } = await helper(t, 'stale-password')

  const { status, stderr } = await gitSync(['sync', source.url, target.url], { env })

  t.equal(status, 1)
  t.match(stderr, /\(target_unauthorized\)\nNext: set GITSYNC_TARGET_TOKEN/)
  t.notMatch(stderr, 'stale-password')
  t.strictSame(await asked(), ['get', 'erase'])
})

t.test('what is good is kept also where the run fails for another reason', async (t) => {
  const { source, target } = await stage(t, { target: { auth } })
  await source.commit('main')
  await target.commit('main', { message: 'another' })
  const { env, asked } = await helper(t, SECRET)
  t.equal((await gitSync(['sync', source.url, target.url], { env })).status, 3)
  t.strictSame(await asked(), ['get', 'store'])
})

t.test(
  'a token of the command line or of a variable wins, and is never git’s to keep or forget',
  async (t) => {
    const { source, target } = await stage(t, { target: { auth } })
    await source.commit('main')
    const { env, asked } = await helper(t, SECRET)
    const user = { GITSYNC_TARGET_USERNAME: 'ada' }
    const run = (token: object, ...flags: string[]) =>
      gitSync(['plan', source.url, target.url, ...flags], { env: { ...env, ...user, ...token } })

    t.equal((await run({ GITSYNC_TARGET_TOKEN: SECRET })).status, 0)
    t.equal((await run({ GITSYNC_TARGET_TOKEN: 'wrong' }, '--target-token', SECRET)).status, 0)
    t.equal((await run({ GITSYNC_TARGET_TOKEN: 'wrong' })).status, 1)
    t.strictSame(await asked(), [])
  },
)

t.test('a user name alone goes with the question', async (t) => {
  const { source, target } = await stage(t, { target: { auth } })
  await source.commit('main')
  const { env, log } = await helper(t, SECRET)
  t.equal((await gitSync(['plan', source.url, target.url, '--target-username', 'ada'], { env })).status, 0)
  t.match(await log(), /^get\n(?: {2}.*\n)* {2}username=ada\n/)
})

t.test('a 403 asks nobody: it knows who we are', async (t) => {
  const { source, target } = await stage(t, {
    target: { handle: () => ({ type: 'respond', status: 403 }) },
  })
  await source.commit('main')
  const { env, asked } = await helper(t, SECRET)
  t.equal((await gitSync(['plan', source.url, target.url], { env })).status, 1)
  t.strictSame(await asked(), [])
})

t.test('at a terminal git asks, without showing the password', async (t) => {
  const { source, target } = await stage(t, { target: { auth } })
  await source.commit('main')
  const prompt = { GIT_TERMINAL_PROMPT: '1' }
  const args = ['sync', source.url, target.url]

  const { status, output } = await gitSyncOnTerminal(args, { env: prompt, answers: `ada\n${SECRET}` })

  t.equal(status, 0)
  t.match(output, /Username for 'http:\/\/127.*Password for/s)
  t.notMatch(output, SECRET)
  t.strictSame(await target.refs(), await source.refs())
})

t.test('GIT_TERMINAL_PROMPT=0 keeps it from asking', async (t) => {
  const { source, target } = await stage(t, { target: { auth } })
  await source.commit('main')
  const { status, output } = await gitSyncOnTerminal(['sync', source.url, target.url])
  t.equal(status, 1)
  t.match(output, '(target_unauthorized)')
  t.notMatch(output, /Username for [^:]*:[^:]*: $/m)
})

t.test('without git on the path there is nothing to ask', async (t) => {
  const { source, target } = await stage(t, { target: { auth } })
  await source.commit('main')
  const { status, stderr } = await gitSync(['plan', source.url, target.url], { env: { PATH: '/nowhere' } })
  t.equal(status, 1)
  t.match(stderr, '(target_unauthorized)')
})
