import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Client, type SyncRequest } from '../../../src/index.js'
import { createRepository } from '../../../testing/git/sample-repository.js'
import { noGitLfs } from '../../../testing/lfs/git-lfs.js'
import { LfsClone } from '../../../testing/lfs/lfs-clone.js'
import { LFSTEST_AUTH, noLfsTestServer, startLfsTestServer } from '../../../testing/lfs/lfstest-server.js'
import { temporaryFolder } from '../../../testing/temporary-folder.js'

const skip = (await noGitLfs()) || (await noLfsTestServer())
const auth = { source: LFSTEST_AUTH, target: LFSTEST_AUTH }

/** Two of git-lfs's own servers, each with a repository of that name, and a clone that may push to the source. */
async function stage(t: Test, name = 'repository') {
  const root = await temporaryFolder(t)
  const [sourceRoot, targetRoot] = [join(root, 'source'), join(root, 'target')]
  const [sourceRepository, targetRepository] = await Promise.all([
    createRepository(join(sourceRoot, `${name}.git`)),
    createRepository(join(targetRoot, `${name}.git`)),
  ])
  const [source, target] = await Promise.all([startLfsTestServer(sourceRoot), startLfsTestServer(targetRoot)])
  t.teardown(() => Promise.all([source.close(), target.close()]))
  const clone = await LfsClone.create(join(root, 'clone'))
  await clone.git('remote', 'add', 'origin', withUser(source.url(name)))
  const push = () => clone.git('push', '--quiet', 'origin', 'main')
  const request = (more: Partial<SyncRequest> = {}): SyncRequest => ({
    source: { url: source.url(name) },
    target: { url: target.url(name) },
    auth,
    policy: { lfs: 'new' },
    ...more,
  })
  const check = async (folder: string) => {
    const mirror = await LfsClone.of(withUser(target.url(name)), join(root, folder))
    await mirror.fetchAndCheck()
    return mirror
  }
  return { clone, push, request, check, client: new Client(), sourceRepository, targetRepository }
}

const withUser = (url: string) => url.replace('http://', 'http://user:pass@')

t.test('a mirror whose objects are all there', { skip }, async (t) => {
  const { clone, push, request, check, client, targetRepository, sourceRepository } = await stage(t)
  const first = { 'a.bin': randomBytes(1000), 'b/c.bin': randomBytes(300_000), 'text.txt': 'text\n' }
  await clone.commit(first)
  await push()

  const planned = await client.plan(request())
  t.match(planned.lfs, { pointers: 2, bytes: 301_000, present: 0, moved: 0, missing: 2, failed: [] })
  const result = await client.sync(request())

  t.match(result.lfs, { pointers: 2, bytes: 301_000, present: 0, moved: 2, movedBytes: 301_000, missing: 0 })
  t.strictSame(await targetRepository.refs(), await sourceRepository.refs())
  await check('first')

  await clone.commit({ 'a.bin': randomBytes(1000) })
  await push()
  const update = await client.sync(request())
  t.match(update.lfs, { pointers: 1, moved: 1, movedBytes: 1000 })
  await check('second')
  const again = await client.sync(request({ policy: { lfs: 'all' } }))
  t.match(again.lfs, { pointers: 3, present: 3, moved: 0, missing: 0 })
})

t.test('all repairs a mirror that was made without', { skip }, async (t) => {
  const { clone, push, request, check, client } = await stage(t)
  await clone.commit({ 'a.bin': randomBytes(1000) })
  await push()
  const without = await client.sync(request({ policy: {} }))
  t.equal(without.lfs, undefined)
  t.match((await client.sync(request())).lfs, { pointers: 0, moved: 0 })
  t.match((await client.sync(request({ policy: { lfs: 'all' } }))).lfs, { pointers: 1, moved: 1 })
  await check('mirror')
})

/** Contents by which that server knows what to do. */
const SPECIAL = [
  'storage-download-retry',
  'storage-upload-retry',
  'send-verify-action',
  'send-deprecated-links',
  'return-expired-action',
  'redirect-storage-upload',
]

t.test('what its special contents do', { skip }, async (t) => {
  const { clone, push, request, check, client } = await stage(t)
  await clone.commit(Object.fromEntries(SPECIAL.map((content) => [`${content}.bin`, content])))
  await push()
  const result = await client.sync(request())
  t.match(result.lfs, { pointers: SPECIAL.length, moved: SPECIAL.length, missing: 0 })
  await check('mirror')
})

t.test('an object that is corrupted is not mirrored, nor is any ref', { skip }, async (t) => {
  const { clone, push, request, client, targetRepository } = await stage(t)
  await clone.commit({ 'special.bin': 'storage-download-corrupt' })
  await push()
  const failure = await client.sync(request()).catch((error) => error)
  t.match(failure, { code: 'lfs_object_missing', message: /another SHA-256/ })
  t.match(failure.result.lfs, {
    pointers: 1,
    missing: 1,
    failed: [{ reason: 'what it sends has another SHA-256' }],
  })
  t.strictSame(await targetRepository.refs(), {})
})

t.test('a server that wants to know the branch', { skip }, async (t) => {
  const { clone, push, request, check, client } = await stage(t, 'x-main-branch-required')
  await clone.commit({ 'a.bin': randomBytes(1000) })
  await push()
  t.match((await client.sync(request())).lfs, { moved: 1 })
  await check('mirror')
})

t.test('a probe says whether there are LFS servers', { skip }, async (t) => {
  const { request, client } = await stage(t)
  const { source, target } = request()
  t.match(await client.probe({ source, target, auth, options: { lfs: true } }), {
    sourceLfs: true,
    targetLfs: true,
  })
  t.match(await client.probe({ source, target, options: { lfs: true } }), {
    sourceLfs: false,
    targetLfs: false,
  })
})
