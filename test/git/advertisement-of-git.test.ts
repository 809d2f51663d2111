import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { type RefAdvertisement, readAdvertisement } from '../../src/git/wire/advertisement.js'
import { git } from '../../testing/git/git.js'
import { infoRefs } from '../../testing/git/git-bytes.js'
import { createRepository } from '../../testing/git/sample-repository.js'
import { streamOf } from '../../testing/packets/chunks.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'

// What git itself says of a repository is the oracle for what we read of its advertisement.

async function advertised(service: 'upload-pack' | 'receive-pack', dir: string): Promise<RefAdvertisement> {
  const found = await readAdvertisement(streamOf(await infoRefs(service, dir)))
  if (found.version !== 1) throw new Error('v1 was asked for')
  return found
}

test('an empty repository', async (t) => {
  for (const objectFormat of ['sha1', 'sha256'] as const) {
    const { dir } = await createRepository(join(await temporaryFolder(t), 'empty'), { objectFormat })
    const asTarget = await advertised('receive-pack', dir)
    t.equal(asTarget.refs.size, 0)
    t.equal(asTarget.capabilities.objectFormat, objectFormat)
    t.ok(asTarget.capabilities.has('report-status'))
    t.equal((await advertised('upload-pack', dir)).refs.size, 0)
  }
})

test('branches, annotated tags and other refs', async (t) => {
  for (const objectFormat of ['sha1', 'sha256'] as const) {
    const repository = await createRepository(join(await temporaryFolder(t), 'full'), { objectFormat })
    const { dir } = repository
    const tip = await repository.commit('main')
    await repository.commit('topic/ä')
    await repository.tag('v1', tip, { annotated: true })
    await repository.tag('light', tip)
    await repository.branch('refs/notes/commits', tip)
    for (const service of ['upload-pack', 'receive-pack'] as const) {
      const found = await advertised(service, dir)
      t.same(Object.fromEntries(found.refs), await repository.refs(), `${service}, ${objectFormat}`)
      t.equal(found.capabilities.objectFormat, objectFormat)
      t.same([found.extraHaves, found.shallow], [[], []])
    }
    t.equal((await advertised('upload-pack', dir)).head, 'refs/heads/main')
  }
})

test('HEAD that names another branch, none, or a commit', async (t) => {
  const repository = await createRepository(join(await temporaryFolder(t), 'heads'))
  const { dir } = repository
  const tip = await repository.commit('main')
  await repository.branch('trunk', tip)
  await git(dir, 'symbolic-ref', 'HEAD', 'refs/heads/trunk')
  t.equal((await advertised('upload-pack', dir)).head, 'refs/heads/trunk')
  await git(dir, 'symbolic-ref', 'HEAD', 'refs/heads/unborn')
  t.equal((await advertised('upload-pack', dir)).head, undefined)
})

test('a shallow repository tells where its history ends', async (t) => {
  const folder = await temporaryFolder(t)
  const full = await createRepository(join(folder, 'full'))
  await full.addCommits('main', 5)
  const dir = join(folder, 'shallow')
  await git(folder, 'clone', '--quiet', '--bare', '--depth=2', `file://${full.dir}`, dir)
  const edges = (await readFile(join(dir, 'shallow'), 'utf8')).trim().split('\n')
  for (const service of ['upload-pack', 'receive-pack'] as const) {
    t.same((await advertised(service, dir)).shallow, edges, service)
  }
})

test('a fork tells of the objects that it borrows', async (t) => {
  const folder = await temporaryFolder(t)
  const upstream = await createRepository(join(folder, 'upstream'))
  const tips = [await upstream.commit('main'), await upstream.commit('topic', { parents: [] })]
  const dir = join(folder, 'fork')
  await git(folder, 'clone', '--quiet', '--bare', '--shared', upstream.dir, dir)
  await git(dir, 'update-ref', '-d', 'refs/heads/topic')
  const fork = await advertised('receive-pack', dir)
  t.same([...fork.refs], [['refs/heads/main', tips[0]]])
  t.same(fork.extraHaves, [tips[1]])

  await git(dir, 'update-ref', '-d', 'refs/heads/main')
  const empty = await advertised('receive-pack', dir)
  t.equal(empty.refs.size, 0)
  t.same([...empty.extraHaves].sort(), [...tips].sort(), 'also where it has no ref of its own')
  t.ok(empty.capabilities.has('delete-refs'), 'with the capabilities of its first line')
})

test('v2 responds with capabilities', async (t) => {
  const { dir } = await createRepository(join(await temporaryFolder(t), 'v2'), { objectFormat: 'sha256' })
  const found = await readAdvertisement(streamOf(await infoRefs('upload-pack', dir, 'v2')))
  t.equal(found.version, 2)
  t.equal(found.capabilities.objectFormat, 'sha256')
  t.ok(found.capabilities.hasFeature('fetch', 'filter'))
  t.match(found.capabilities.get('agent'), /^git\//)
})
