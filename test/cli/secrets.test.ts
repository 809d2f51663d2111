import t from 'tap'
import { stage } from '../../testing/cases/stage.js'
import { gitSync } from '../../testing/processes/command.js'

const SECRET = 'hush-hush/secret+1'
const ENCODED = Buffer.from(`git:${SECRET}`).toString('base64')
const hidden = [SECRET, ENCODED, encodeURIComponent(SECRET)]
const leaks = (text: string) => hidden.filter((secret) => text.includes(secret))

t.test('what a remote echoes of our tokens is blotted out on every way out', async (t) => {
  const echo = `you are ${SECRET}, ${ENCODED}, ${encodeURIComponent(SECRET)}`
  const { source, target } = await stage(t, {
    target: {
      handle: () => ({ type: 'respond', status: 500, headers: { 'content-type': 'text/plain' }, body: echo }),
    },
  })
  await source.commit('main')
  for (const flags of [[], ['--json'], ['-v', '--progress', '--stats']]) {
    const token = ['--source-token', SECRET, '--target-token', SECRET]
    const { status, stdout, stderr } = await gitSync(['sync', source.url, target.url, ...token, ...flags])
    t.equal(status, 1)
    t.match(stderr, 'you are [redacted], [redacted]')
    t.strictSame(leaks(stdout + stderr), [], flags.join(' '))
  }
})

t.test('a result shows no token', async (t) => {
  const { source, target } = await stage(t)
  await source.commit('main')
  const env = { GITSYNC_SOURCE_TOKEN: SECRET, GITSYNC_TARGET_BEARER_TOKEN: SECRET }
  for (const flags of [['-v', '--stats', '--progress'], ['--json']]) {
    const { status, stdout, stderr } = await gitSync(['sync', source.url, target.url, ...flags], { env })
    t.equal(status, 0)
    t.strictSame(leaks(stdout + stderr), [])
  }
})

t.test('neither does the help, whatever the variables say', async (t) => {
  const env = { GITSYNC_SOURCE_TOKEN: SECRET, GITSYNC_TARGET_TOKEN: SECRET }
  t.strictSame(leaks((await gitSync(['sync', '--help'], { env })).stdout), [])
})

const slips: Record<string, string[]> = {
  'a misspelt flag': ['sync', 'https://a.example/x', 'https://b.example/x', `--source-tokn=${SECRET}`],
  'a URL with a password': ['sync', `https://git:${SECRET}@a.example/x`, 'https://b.example/x'],
  'a URL in the place of a command': [`https://git:${encodeURIComponent(SECRET)}@a.example/x`],
  'a URL too many': ['probe', 'https://a.example/x', 'https://b.example/x', `https://${ENCODED}@c.example`],
}
for (const [what, args] of Object.entries(slips)) {
  t.test(`${what} is not repeated`, async (t) => {
    const { status, stdout, stderr } = await gitSync(args)
    t.equal(status, 2)
    t.strictSame(leaks(stdout + stderr), [])
    t.match(stderr, /\S/)
  })
}
