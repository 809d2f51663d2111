import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { copyRefs, failureOf, type StageOptions, stage } from '../../../testing/cases/stage.js'
import { type PushBody, readPush } from '../../../testing/packets/packets.js'

const config = { 'receive.advertisePushOptions': 'true' }
const notes =
  'echo "$GIT_PUSH_OPTION_COUNT" > options; i=0; while test $i -lt "$GIT_PUSH_OPTION_COUNT"; do eval "echo \\"\\$GIT_PUSH_OPTION_$i\\"" >> options; i=$((i+1)); done'

t.test('push options reach the hooks of the target as they are', async (t) => {
  const { source, target, client, request } = await stage(t, { target: { config } })
  await source.commit('main')
  await target.hook('pre-receive', notes)
  const pushOptions = ['ci.skip', 'merge_request.title=Größe = 1 "x"', '']

  await client.sync(request({ options: { pushOptions } }))

  t.strictSame(await optionsSeen(target.dir), ['3', ...pushOptions])
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('and with a push of deletes alone, and one without objects', async (t) => {
  const { source, target, client, request } = await stage(t, { target: { config } })
  const main = await source.commit('main')
  await source.branch('old', main)
  await copyRefs(source, target)
  await source.delete('old')
  await target.hook('pre-receive', notes)

  await client.sync(request({ policy: { prune: true }, options: { pushOptions: ['first'] } }))
  t.strictSame(await optionsSeen(target.dir), ['1', 'first'])

  await source.branch('new', main)
  await client.sync(request({ options: { pushOptions: ['second'] } }))
  t.strictSame(await optionsSeen(target.dir), ['1', 'second'])
  t.strictSame(await target.soundRefs(), await source.refs())
})

t.test('where there are none, none are announced', async (t) => {
  const pushes: PushBody[] = []
  const options: StageOptions = {
    target: {
      config,
      handle: async ({ kind, body }) => {
        if (kind === 'call') pushes.push(readPush(await body()))
        return undefined
      },
    },
  }
  const { source, client, request } = await stage(t, options)
  await source.commit('main')
  await client.sync(request({ options: { pushOptions: [] } }))
  await source.commit('main')
  await client.sync(request({ options: { pushOptions: null } }))

  t.equal(pushes.length, 2)
  t.notOk(pushes.some(({ capabilities }) => capabilities.includes('push-options')))
})

t.test('each of several pushes carries them', async (t) => {
  const { source, target, client, request } = await stage(t, { target: { config } })
  for (const name of ['main', 'a', 'b']) await source.commit(name)
  await target.hook('pre-receive', 'echo "$GIT_PUSH_OPTION_0" >> options')

  await client.sync(request({ options: { pushOptions: ['x'], targetMaxRefUpdates: 1 } }))

  t.strictSame(await optionsSeen(target.dir), ['x', 'x', 'x'])
})

t.test('a target that takes none makes the run unsupported, not silent', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')

  const error = await failureOf(client.sync(request({ options: { pushOptions: ['ci.skip'] } })))

  t.equal(error.code, 'unsupported')
  t.match(error.message, /pushOptions/)
  t.strictSame(await target.refs(), {})
})

async function optionsSeen(dir: string) {
  return (await readFile(join(dir, 'options'), 'utf8')).replace(/\n$/, '').split('\n')
}
