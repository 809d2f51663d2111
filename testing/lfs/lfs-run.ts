import type { Test } from 'tap'
import { Agent } from 'undici'
import { agentThatDials } from '../../src/git/connections/connections.js'
import { dialDirectly } from '../../src/git/connections/dial.js'
import { Traffic } from '../../src/git/http/traffic.js'
import { Credentials } from '../../src/git/secrets/credentials.js'
import { Secrets } from '../../src/git/secrets/secrets.js'
import type { EndpointAuth } from '../../src/index.js'
import { LfsHttp } from '../../src/lfs/lfs-http.js'
import { findLacking, moveLacking } from '../../src/lfs/move-objects.js'
import { ObjectList } from '../../src/lfs/object-list.js'
import type { Pointer } from '../../src/lfs/pointer.js'
import type { Sides } from '../../src/lfs/transfer.js'
import { FakeLfs, type FakeLfsOptions } from './fake-lfs.js'
import { pointerOf } from './pointers.js'

export interface PairOptions {
  source?: FakeLfsOptions
  target?: FakeLfsOptions
  auth?: { source?: EndpointAuth; target?: EndpointAuth }
  stallTimeout?: number
}

/** Two fake LFS servers and what moves objects from one to the other, without pauses. */
export async function startPair(t: Test, options: PairOptions = {}) {
  const [source, target] = await Promise.all([FakeLfs.start(options.source), FakeLfs.start(options.target)])
  const dispatcher = agentThatDials(dialDirectly({}))
  const pushDispatcher = new Agent()
  t.teardown(async () => {
    await Promise.all([dispatcher.destroy(), pushDispatcher.destroy()])
    await Promise.all([source.close(), target.close()])
  })
  const pauses: number[] = []
  const clock = { now: Date.now() }
  const open = (side: 'source' | 'target', secrets: Secrets, signal: AbortSignal) => {
    const auth = options.auth?.[side]
    secrets.learn(auth)
    const credentials = new Credentials(auth)
    const access = async () => ({ dispatcher, pushDispatcher, credentials })
    const url = new URL((side === 'source' ? source : target).url)
    const { stallTimeout = 60_000 } = options
    return new LfsHttp({
      side,
      secrets,
      signal,
      stallTimeout,
      url,
      access,
      traffic: new Traffic(),
      now: () => clock.now,
    })
  }
  const sides = (signal: AbortSignal): Sides => {
    const secrets = new Secrets()
    return {
      source: open('source', secrets, signal),
      target: open('target', secrets, signal),
      refs: { target: 'refs/heads/main' },
      wait: async (milliseconds) => void pauses.push(milliseconds),
      meter: { received: (bytes) => (bytesOf.received += bytes), sent: (bytes) => (bytesOf.sent += bytes) },
    }
  }
  const bytesOf = { received: 0, sent: 0 }

  /** Moves what the target lacks of these objects. */
  async function move(objects: readonly Pointer[], signal?: AbortSignal) {
    const ending = new AbortController()
    const all = signal ? AbortSignal.any([signal, ending.signal]) : ending.signal
    const list = new ObjectList()
    for (const object of objects) list.add(object)
    const moved: Pointer[] = []
    const moving = { sides: sides(all), list, ending, onMoved: (object: Pointer) => void moved.push(object) }
    await findLacking(moving)
    const failed = await moveLacking(moving)
    return { list, failed, moved }
  }

  /** Objects that the source has. */
  function put(...objects: Buffer[]): Pointer[] {
    return objects.map((object) => {
      const pointer = pointerOf(object)
      source.objects.set(pointer.oid, object)
      return pointer
    })
  }

  return { source, target, move, put, sides, pauses, clock, bytes: bytesOf }
}
