import { rm } from 'node:fs/promises'
import t from 'tap'
import { at, copyRefs, failureOf, type Side, stage } from '../../../testing/cases/stage.js'
import { git } from '../../../testing/git/git.js'
import { linesOf } from '../../../testing/packets/packets.js'

/** Leaves a repository with no more than the last commits of its main branch. */
async function makeShallow(side: Side, from: Side, depth: number) {
  await rm(side.dir, { recursive: true })
  await git(
    '/',
    'clone',
    '--quiet',
    '--bare',
    `--depth=${depth}`,
    '--branch=main',
    `file://${from.dir}`,
    side.dir,
  )
  await git(side.dir, 'config', 'http.receivepack', 'true')
  await git(side.dir, 'config', 'receive.autogc', 'false')
}

for (const protocol of ['v1', 'v2'] as const) {
  t.test(`${protocol}: a shallow source is refused, and nothing is pushed`, async (t) => {
    const whole = await stage(t)
    await whole.source.addCommits('main', 5)
    const { source, target, client, request } = await stage(t, { source: { protocol } })
    await makeShallow(source, whole.source, 2)
    const kept = await target.commit('kept')

    const error = await failureOf(client.sync(request()))

    t.equal(error.code, 'unsupported')
    t.match(error.message, /shallow/)
    t.strictSame(await target.soundRefs(), { 'refs/heads/kept': kept })
  })

  t.test(`${protocol}: a shallow source is refused for an update too`, async (t) => {
    const whole = await stage(t)
    await whole.source.addCommits('main', 5)
    const { source, target, client, request } = await stage(t, { source: { protocol } })
    await makeShallow(source, whole.source, 2)
    await copyRefs(whole.source, target)
    const before = await target.refs()
    await source.commit('main')

    const error = await failureOf(client.sync(request()))

    t.equal(error.code, 'unsupported')
    t.match(error.message, /shallow/)
    t.strictSame(await target.soundRefs(), before)
  })

  t.test(`${protocol}: a shallow target gets updates, and stays shallow and sound`, async (t) => {
    const asked: string[][] = []
    const { source, target, client, request } = await stage(
      t,
      at('source', {
        protocol,
        handle: async ({ kind, body }) => {
          if (kind === 'call') asked.push(linesOf(await body()))
          return undefined
        },
      }),
    )
    await source.addCommits('main', 6)
    await makeShallow(target, source, 2)
    const cut = (await git(target.dir, 'rev-list', 'main')).split('\n').at(-1)
    await source.addCommits('main', 3)
    await source.commit('next', { parents: [await source.head('main')] })

    await client.sync(request())

    t.strictSame(await target.soundRefs(), await source.refs())
    t.equal(await git(target.dir, 'rev-list', '--count', 'main'), '5')
    t.ok(asked.at(-1)?.includes(`shallow ${cut}`), 'its shallow lines were passed on')
  })

  t.test(`${protocol}: a shallow target may get a branch that leaves below its cut`, async (t) => {
    const { source, target, client, request } = await stage(t, { source: { protocol } })
    const first = await source.addCommits('main', 1)
    await source.addCommits('main', 6)
    await makeShallow(target, source, 2)
    await source.commit('old-line', { parents: [first] })

    await client.sync(request())

    t.strictSame(await target.soundRefs(), await source.refs())
    t.equal(await git(target.dir, 'rev-list', '--count', 'old-line'), '2')
  })
}
