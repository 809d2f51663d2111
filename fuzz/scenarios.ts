import type { SyncRequest } from '../src/index.js'

/** One run against a healthy pair of remotes, whose responses are then damaged. */
export interface Scenario {
  name: string
  operation: 'probe' | 'plan' | 'sync' | 'replicate'
  /** Refs by full name, their values by the names of history.ts. */
  source: Record<string, string>
  target: Record<string, string>
  request?: Partial<SyncRequest>
  /** What the healthy run ends with: `ok`, or the code of its error. */
  ends?: string
  /** Capabilities that the target does not announce. */
  targetLacks?: string[]
  /** The target refuses packs of more bytes, with 413. */
  limit?: number
  /** Settings of the source's git. */
  sourceConfig?: Record<string, string>
  /** Lines that the target's advertisement has beyond its refs. */
  extraLines?: string[]
}

const heads = (names: Record<string, string>) =>
  Object.fromEntries(Object.entries(names).map(([name, value]) => [`refs/heads/${name}`, value]))
const everything = {
  ...heads({ main: 'merge', side: 'side', topic: 'main12' }),
  'refs/tags/v1': 'tag',
  'refs/notes/x': 'root',
}
const behind = heads({ main: 'main10', side: 'side', gone: 'other' })
const ahead = heads({ main: 'main30', side: 'side', topic: 'other' })
const diverged = heads({ main: 'other', side: 'main12' })

/** Every way that a run takes through the protocol, by the responses that it reads. */
export const scenarios: Scenario[] = [
  { name: 'probe', operation: 'probe', source: everything, target: behind },
  {
    name: 'first sync',
    operation: 'sync',
    source: everything,
    target: {},
    request: { scope: { allRefs: true } },
  },
  {
    name: 'first sync, v1',
    operation: 'sync',
    source: everything,
    target: {},
    request: { scope: { allRefs: true }, policy: { protocol: 'v1' } },
  },
  { name: 'update', operation: 'sync', source: ahead, target: behind },
  {
    name: 'update, v1',
    operation: 'sync',
    source: ahead,
    target: behind,
    request: { policy: { protocol: 'v1' } },
  },
  {
    name: 'update, a proof by graph',
    operation: 'sync',
    source: heads({ main: 'main30' }),
    target: heads({ main: 'main10' }),
    request: { policy: { protocol: 'v2', maxForced: 0 } },
  },
  { name: 'plan of what diverged', operation: 'plan', source: diverged, target: heads({ main: 'side' }) },
  { name: 'blocked', operation: 'sync', source: diverged, target: ahead, ends: 'blocked_refs' },
  {
    name: 'forced and pruned',
    operation: 'sync',
    source: { ...diverged, 'refs/tags/v1': 'otherTag' },
    target: { ...ahead, 'refs/tags/v1': 'tag', 'refs/tags/old': 'tag' },
    request: { policy: { force: true, prune: true, includeTags: true } },
  },
  {
    name: 'forced, guarded',
    operation: 'sync',
    source: diverged,
    target: ahead,
    request: { policy: { force: true, maxForced: 2, protocol: 'v2' } },
  },
  {
    name: 'replicated at once',
    operation: 'replicate',
    source: diverged,
    target: { ...ahead, ...heads({ extra: 'root' }) },
    request: { policy: { atomic: true, prune: true } },
  },
  {
    name: 'a tip that the source has not',
    operation: 'sync',
    source: ahead,
    target: heads({ main: 'lost', side: 'side' }),
    request: { policy: { forceBlind: true } },
  },
  {
    name: 'in steps',
    operation: 'sync',
    source: everything,
    target: {},
    request: { scope: { allRefs: true }, options: { targetMaxPackBytes: 3000 } },
  },
  {
    name: 'in steps, v1',
    operation: 'sync',
    source: ahead,
    target: heads({ main: 'main1' }),
    request: { policy: { protocol: 'v1' }, options: { targetMaxPackBytes: 3000 } },
  },
  {
    name: 'in steps, without filters',
    operation: 'sync',
    source: heads({ main: 'main30' }),
    target: {},
    request: { options: { targetMaxPackBytes: 3000 } },
    sourceConfig: { 'uploadpack.allowFilter': 'false' },
  },
  { name: 'in steps after a 413', operation: 'sync', source: ahead, target: {}, limit: 4000 },
  {
    name: 'spooled',
    operation: 'sync',
    source: ahead,
    target: behind,
    request: { options: { materialize: 'always' } },
  },
  {
    name: 'several pushes',
    operation: 'sync',
    source: everything,
    target: heads({ old: 'root' }),
    request: { scope: { allRefs: true }, policy: { prune: true }, options: { targetMaxRefUpdates: 2 } },
  },
  {
    name: 'a target without side-band',
    operation: 'sync',
    source: ahead,
    target: behind,
    targetLacks: ['side-band-64k'],
    request: { policy: { bestEffort: true } },
  },
  {
    name: 'a target with haves of others',
    operation: 'sync',
    source: ahead,
    target: heads({ side: 'side' }),
    extraLines: ['main20 .have', 'main10 .have'],
  },
]
