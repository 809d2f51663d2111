import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Cleanup } from '../testing/cleanup.js'
import { startGitServer } from '../testing/git/git-server.js'
import { createRepository, type Repository } from '../testing/git/sample-repository.js'
import { FakeLfs } from '../testing/lfs/fake-lfs.js'
import { pointerOf, writePointer } from '../testing/lfs/pointers.js'
import { removeFolder, temporaryFolder } from '../testing/temporary-folder.js'

export interface Stage {
  source: Repository
  target: Repository
  sourceUrl: string
  targetUrl: string
  sourceLfs: FakeLfs
  targetLfs: FakeLfs
}

/** Two git servers with LFS: one with a sample repository of about 32 MiB, one with an empty repository. */
export async function setStage(cleanup: Cleanup): Promise<Stage> {
  const folder = await temporaryFolder()
  cleanup.add(() => removeFolder(folder))
  const [sourceRoot, targetRoot] = [join(folder, 'source'), join(folder, 'target')]
  const source = await createRepository(join(sourceRoot, 'sample.git'))
  await fill(source)
  const target = await createRepository(join(targetRoot, 'mirror.git'))
  const [sourceServer, targetServer] = [
    await startGitServer({ root: sourceRoot }),
    await startGitServer({ root: targetRoot }),
  ]
  cleanup.add(() => sourceServer.close())
  cleanup.add(() => targetServer.close())
  const [sourceLfs, targetLfs] = [await FakeLfs.start(), await FakeLfs.start()]
  cleanup.add(() => sourceLfs.close())
  cleanup.add(() => targetLfs.close())
  return {
    source,
    target,
    sourceUrl: sourceServer.url('sample.git'),
    targetUrl: targetServer.url('mirror.git'),
    sourceLfs,
    targetLfs,
  }
}

/** Commits files whose contents are LFS objects at the source. */
export async function addLfsFiles({ source, sourceLfs }: Stage, count: number, bytes: number): Promise<void> {
  const files: Record<string, string> = {}
  for (let number = 0; number < count; number++) {
    const object = randomBytes(bytes)
    const pointer = pointerOf(object)
    sourceLfs.objects.set(pointer.oid, object)
    files[`assets/${number}.bin`] = writePointer(pointer)
  }
  await source.commit('main', { files })
}

async function fill(source: Repository) {
  await source.bigHistory({ commits: 64, bytesPerCommit: 512 * 1024, branches: 3 })
  await source.branch('release/1.0', await source.commit('main'))
  await source.tag('v1.0', 'release/1.0', { annotated: true })
  await source.tag('nightly', 'main')
  await source.addCommits('main', 10)
}
