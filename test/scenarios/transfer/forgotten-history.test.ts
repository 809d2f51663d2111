import t, { type Test } from 'tap'
import { type SideOptions, stage } from '../../../testing/cases/stage.js'
import { git } from '../../../testing/git/git.js'

/** A history of some size on both sides, of which the source then replaces the last ten commits and forgets them. */
async function rewritten(t: Test, source: SideOptions = {}, target: SideOptions = {}) {
  const on = await stage(t, { source, target })
  await on.source.bigHistory({ commits: 300, bytesPerCommit: 3_000 })
  await on.client.sync(on.request())
  await on.source.branch('main', await git(on.source.dir, 'rev-parse', 'main~10'))
  await on.source.addCommits('main', 10)
  await on.source.forget()
  on.source.server.resetRequests()
  on.target.server.resetRequests()
  return on
}

const pushedBytes = (on: Awaited<ReturnType<typeof rewritten>>) =>
  on.target.requests
    .filter(({ path }) => path.endsWith('/git-receive-pack'))
    .reduce((sum, { requestBytes }) => sum + requestBytes, 0)

for (const protocol of ['v1', 'v2'] as const) {
  t.test(
    `${protocol}: a rewrite costs what was rewritten, also where the source has forgotten the old tip`,
    async (t) => {
      const on = await rewritten(t, { protocol })
      await on.client.sync(on.request({ policy: { force: true } }))
      t.strictSame(await on.target.soundRefs(), await on.source.refs())
      t.ok(pushedBytes(on) < 150_000, `${pushedBytes(on)} of some 900,000 bytes`)
    },
  )
}

t.test('so does a new branch, where all tips of the target have moved on', async (t) => {
  const on = await stage(t)
  await on.source.bigHistory({ commits: 300, bytesPerCommit: 3_000, branches: 2 })
  await on.client.sync(on.request())
  for (const branch of ['main', 'branch-1']) await on.target.commit(branch)
  await on.source.commit('topic', { parents: [await on.source.head('main')] })
  for (const branch of ['main', 'branch-1']) await on.source.commit(branch)
  on.target.server.resetRequests()

  await on.client.sync(on.request({ scope: { branches: ['topic'] } }))

  t.equal(await on.target.head('topic'), await on.source.head('topic'))
  await on.target.soundRefs()
  t.ok(pushedBytes(on) < 60_000, `${pushedBytes(on)} of some 900,000 bytes`)
})

t.test('a branch that goes back to one of its own commits needs no object', async (t) => {
  const on = await stage(t)
  await on.source.bigHistory({ commits: 40, bytesPerCommit: 3_000 })
  await on.client.sync(on.request())
  await on.source.branch('main', await git(on.source.dir, 'rev-parse', 'main~7'))
  await on.source.forget()
  on.target.server.resetRequests()

  await on.client.sync(on.request({ policy: { force: true } }))

  t.strictSame(await on.target.soundRefs(), await on.source.refs())
  t.ok(pushedBytes(on) < 1_000, `${pushedBytes(on)} bytes`)
})

t.test('a target that may not be read is sent more, and all the same', async (t) => {
  const unreadable: SideOptions = {
    handle: ({ kind, service }) =>
      kind === 'call' && service === 'git-upload-pack' ? { type: 'respond', status: 403 } : undefined,
  }
  const on = await rewritten(t, {}, unreadable)
  await on.client.replicate(on.request())
  t.strictSame(await on.target.soundRefs(), await on.source.refs())
  t.ok(pushedBytes(on) > 500_000)
})

t.test('a target that shares no history is not asked for ever', async (t) => {
  const on = await stage(t)
  await on.target.addCommits('main', 30)
  await on.source.addCommits('main', 3)
  await on.client.replicate(on.request())
  t.strictSame(await on.target.soundRefs(), await on.source.refs())
  const asked = on.target.requests.filter(({ path }) => path.endsWith('/git-upload-pack'))
  t.ok(asked.length <= 3, `${asked.length} questions`)
})
