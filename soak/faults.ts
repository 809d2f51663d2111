import { Transform } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RequestInfo } from '../testing/faults/proxy.js'
import type { Action } from '../testing/faults/proxy-actions.js'
import { corruptPack, holdAfter, injecting, replacedBy } from '../testing/faults/response-faults.js'
import { band } from '../testing/packets/wire.js'
import type { Random } from '../testing/random.js'

export type SideName = 'source' | 'target'

/** Something that goes wrong at one side. */
export interface Fault {
  side: SideName
  name: string
  /** `info-refs` or a service. */
  on: string
  /** How many such requests pass before it, and whether all later ones fail too. */
  after: number
  persists: boolean
  action(): Action
}

const HTML = { 'content-type': 'text/html' }

const kinds: Record<string, (random: Random) => () => Action> = {
  'a status': (random) => {
    const status = random.pick([401, 403, 404, 413, 429, 500, 502, 503, 504])
    return () => ({ type: 'respond', status, headers: { 'retry-after': '1' } })
  },
  'a login page': () => () => ({
    type: 'respond',
    status: 200,
    headers: HTML,
    body: '<h1>Who are you?</h1>',
  }),
  'response cut': (random) => {
    const after = random.pick([0, 3, 50, 5_000, 100_000])
    return () => ({ type: 'cut-response', after })
  },
  'response ended early': (random) => {
    const after = random.pick([0, 3, 50, 5_000, 100_000])
    return () => ({ type: 'end-response', after })
  },
  'request cut': (random) => {
    const after = random.pick([0, 50, 5_000, 100_000])
    return () => ({ type: 'cut-request', after })
  },
  'response lost': () => () => ({ type: 'lose-response' }),
  'response stalls': (random) => {
    const bytes = random.pick([1, 50, 5_000])
    return () => ({ type: 'rewrite', transform: holdAfter(bytes).transform })
  },
  'response dribbles': () => () => ({ type: 'rewrite', transform: dribble() }),
  garbage: (random) => {
    const body = Buffer.from(Array.from({ length: random.int(1, 400) }, () => random.int(0, 255)))
    return () => ({ type: 'rewrite', transform: replacedBy(body) })
  },
  'band 3': () => () => ({
    type: 'rewrite',
    transform: injecting(band(3, 'out of luck\n'), 'after-first-data'),
  }),
  'pack corrupt': () => () => ({ type: 'rewrite', transform: corruptPack() }),
  'body limited': (random) => {
    const [bytes, close] = [random.pick([2_000, 30_000, 90_000]), random.chance(0.3)]
    return () => ({ type: 'limit-request', bytes, status: 413, close })
  },
}

/** One fault, or now and then one at each side. */
export function drawFaults(random: Random): Fault[] {
  const side = random.pick<SideName>(['source', 'target'])
  const other = side === 'source' ? 'target' : 'source'
  return random.chance(0.12) ? [drawFault(random, side), drawFault(random, other)] : [drawFault(random, side)]
}

function drawFault(random: Random, side: SideName): Fault {
  const service = side === 'source' ? 'git-upload-pack' : 'git-receive-pack'
  const name = random.pick(Object.keys(kinds))
  const isLimit = name === 'body limited'
  return {
    side,
    name,
    on: isLimit || random.chance(0.75) ? service : 'info-refs',
    after: isLimit ? 0 : random.pick([0, 0, 1, 1, 2, 3]),
    persists: isLimit || random.chance(0.3),
    action: (kinds[name] as (random: Random) => () => Action)(random),
  }
}

/** What a proxy does to a request while these faults hold; `index` counts from the run's first such request. */
export function faultyAction(faults: readonly Fault[], info: RequestInfo, index: number): Action | undefined {
  const kind = info.kind === 'info-refs' ? 'info-refs' : info.service
  const fault = faults.find(
    ({ on, after, persists }) => on === kind && (persists ? index >= after : index === after),
  )
  return fault?.action()
}

/** Passes on a response in pieces with pauses between. */
function dribble(): Transform {
  return new Transform({
    async transform(chunk: Buffer, _encoding, done) {
      for (let at = 0; at < chunk.length && at < 40_000; at += 4_000) {
        this.push(chunk.subarray(at, at + 4_000))
        await sleep(20)
      }
      done(null, chunk.subarray(Math.min(chunk.length, 40_000)))
    },
  })
}
