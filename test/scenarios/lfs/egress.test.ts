import { randomBytes } from 'node:crypto'
import t from 'tap'
import { AllowedHosts } from '../../../src/service/egress/allowed-hosts.js'
import { egressDispatchers } from '../../../src/service/egress/dispatchers.js'
import { EgressPolicy } from '../../../src/service/egress/policy.js'
import { failureOf, stage } from '../../../testing/cases/stage.js'
import { FakeLfs } from '../../../testing/lfs/fake-lfs.js'
import { pointerOf, writePointer } from '../../../testing/lfs/pointers.js'

t.test('a host that an LFS server names has to be one that is listed', async (t) => {
  const policy = new EgressPolicy('any', new AllowedHosts('127.0.0.1'))
  const clientWith = (hosts: string) => {
    const storagePolicy = new EgressPolicy('any', new AllowedHosts(hosts), 'GITSYNC_LFS_HOSTS')
    return { dispatcher: egressDispatchers({ policy, storagePolicy }) }
  }
  for (const [hosts, isAllowed] of [
    ['127.0.0.1', false],
    ['localhost', true],
  ] as const) {
    const { source, target, client } = await stage(t, { client: clientWith(hosts) })
    const [from, to]: [FakeLfs, FakeLfs] = await Promise.all([
      FakeLfs.start(),
      FakeLfs.start({
        hasOwnStorage: true,
        respond: (response): unknown =>
          JSON.parse(JSON.stringify(response).replaceAll(to.storageOrigin, elsewhere())),
      }),
    ])
    t.teardown(() => Promise.all([from.close(), to.close()]))
    const elsewhere = () => to.storageOrigin.replace('127.0.0.1', 'localhost')
    const object = randomBytes(1000)
    const pointer = pointerOf(object)
    from.objects.set(pointer.oid, object)
    await source.commit('main', { files: { 'a.bin': writePointer(pointer) } })
    const run = client.sync({
      source: { url: source.url, lfsUrl: from.url },
      target: { url: target.url, lfsUrl: to.url },
      policy: { lfs: 'new' },
    })
    if (isAllowed) t.match((await run).lfs, { moved: 1 })
    else {
      t.match(await failureOf(run), {
        code: 'egress_denied',
        message: /localhost: GITSYNC_LFS_HOSTS does not list it/,
      })
      t.strictSame(await target.refs(), {})
    }
    t.equal(to.storage.length, isAllowed ? 1 : 0)
  }
})
