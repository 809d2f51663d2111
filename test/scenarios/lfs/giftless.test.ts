import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { SyncRequest } from '../../../src/index.js'
import { stage } from '../../../testing/cases/stage.js'
import { FakeLfs } from '../../../testing/lfs/fake-lfs.js'
import { noGiftless, startGiftless } from '../../../testing/lfs/giftless.js'
import { pointerOf, writePointer } from '../../../testing/lfs/pointers.js'
import { temporaryFolder } from '../../../testing/temporary-folder.js'

const skip = await noGiftless()

async function giftless(t: Test) {
  const folder = join(await temporaryFolder(t), 'objects')
  await mkdir(folder)
  const server = await startGiftless(folder)
  t.teardown(() => server.close())
  return server
}

t.test('to giftless, and from there on', { skip }, async (t) => {
  const { source, target, client } = await stage(t)
  const from = await FakeLfs.start()
  const to = await FakeLfs.start()
  t.teardown(() => Promise.all([from.close(), to.close()]))
  const between = await giftless(t)
  const objects = [randomBytes(1), randomBytes(5000), randomBytes(2_000_000)]
  const files = objects.map((object, at) => {
    from.objects.set(pointerOf(object).oid, object)
    return [`${at}.bin`, writePointer(pointerOf(object))]
  })
  await source.commit('main', { files: Object.fromEntries(files) })

  const request = (sourceLfs: string, targetLfs: string): SyncRequest => ({
    source: { url: source.url, lfsUrl: sourceLfs },
    target: { url: target.url, lfsUrl: targetLfs },
    policy: { lfs: 'all' },
  })
  const kept = between.url('kept')
  const first = await client.sync(request(from.url, kept))
  t.match(first.lfs, { pointers: 3, present: 0, moved: 3, missing: 0 })
  const again = await client.plan(request(from.url, kept))
  t.match(again.lfs, { pointers: 3, present: 3, missing: 0 })
  const onward = await client.sync(request(kept, to.url))
  t.match(onward.lfs, { moved: 3 })
  t.strictSame(to.objects, from.objects)
})
