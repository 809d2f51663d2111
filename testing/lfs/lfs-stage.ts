import type { Test } from 'tap'
import type { SyncRequest } from '../../src/index.js'
import { type StageOptions, stage } from '../cases/stage.js'
import { FakeLfs, type FakeLfsOptions } from './fake-lfs.js'
import { pointerOf, writePointer } from './pointers.js'

export interface LfsStageOptions extends StageOptions {
  sourceLfs?: FakeLfsOptions
  targetLfs?: FakeLfsOptions
}

/** A stage whose sides have LFS servers, and commits of files that are LFS objects. */
export async function lfsStage(t: Test, { sourceLfs, targetLfs, ...options }: LfsStageOptions = {}) {
  const [remotes, from, to] = await Promise.all([
    stage(t, options),
    FakeLfs.start(sourceLfs),
    FakeLfs.start(targetLfs),
  ])
  t.teardown(() => Promise.all([from.close(), to.close()]))
  const { source, target, client } = remotes
  const request = (
    policy: SyncRequest['policy'] = { lfs: 'new' },
    more: Partial<SyncRequest> = {},
  ): SyncRequest => ({
    source: { url: source.url, lfsUrl: from.url },
    target: { url: target.url, lfsUrl: to.url },
    policy,
    ...more,
  })
  const commit = async (...objects: Buffer[]) => {
    const pointers = objects.map(pointerOf)
    for (const [at, { oid }] of pointers.entries()) from.objects.set(oid, objects[at] as Buffer)
    const files = Object.fromEntries(pointers.map((pointer, at) => [`${at}.bin`, writePointer(pointer)]))
    await source.commit('main', { files })
    return pointers
  }
  return { source, target, client, from, to, request, commit }
}
