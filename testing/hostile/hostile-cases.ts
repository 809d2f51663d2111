import { band, FLUSH, pkt } from '../packets/wire.js'
import { capabilityLines, endless, endlessIds, idLines, numbered, refLines } from './hostile-packets.js'
import { commit, deltaBombs, withCommits, zeroBombs } from './hostile-packs.js'
import type { HostileCase } from './hostile-remotes.js'

/** Everything that is known to keep a service busy; a new attack is a new entry. */
export const hostileCases: HostileCase[] = [
  {
    name: 'a commit with 65,536 parents',
    path: '/sync',
    parts: limited,
    remotes: () => withCommits([commit(Array.from({ length: 65_536 }, (_, i) => numbered(i)))]),
  },
  {
    name: 'parents whose ids begin alike',
    path: '/sync',
    parts: limited,
    remotes: () =>
      withCommits([commit(Array.from({ length: 50_000 }, (_, i) => `deadbeef${numbered(i).slice(8)}`))]),
  },
  { name: 'deltas that inflate to 16 MiB each', path: '/sync', parts: limited, remotes: deltaBombs },
  { name: 'commits of 60 MiB of zeros', path: '/sync', parts: limited, remotes: zeroBombs },
  {
    name: 'endless shallow lines',
    path: '/sync',
    remotes: () => ({ isV2: true, fetch: () => endlessIds(pkt('shallow-info\n'), 'shallow ') }),
  },
  {
    name: 'endless acknowledgements',
    path: '/sync',
    remotes: () => ({ fetch: () => endlessIds(pkt('NAK\n'), 'ACK ', ' common') }),
  },
  {
    name: 'endless progress',
    path: '/sync',
    remotes: () => ({ fetch: () => endless(pkt('NAK\n'), band(2, `${'x'.repeat(900)}\r`)) }),
  },
  {
    name: 'a depth without end',
    path: '/sync',
    parts: limited,
    remotes: () => ({
      withoutFilter: true,
      fetch: () => [pkt(`shallow ${numbered(1)}\n`), FLUSH],
    }),
  },
  {
    name: 'a million refs',
    path: '/probe',
    remotes: () => ({ listing: () => refLines(1_000_000, (i) => `refs/heads/branch-${i}`) }),
  },
  {
    name: 'a million haves of others',
    path: '/plan',
    remotes: () => ({ target: () => idLines(1_000_000, ' .have') }),
  },
  {
    name: 'invalid names',
    path: '/plan',
    remotes: () => ({ listing: () => refLines(300_000, (i) => `refs/heads/${i}..${'x'.repeat(60)}`) }),
  },
  {
    name: 'megabytes of capabilities',
    path: '/probe',
    remotes: () => ({ isV2: true, listing: () => capabilityLines(200_000) }),
  },
  {
    name: '40,000 excludes, 100,000 refs',
    path: '/plan',
    parts: () => ({
      scope: { excludeRefs: Array.from({ length: 40_000 }, (_, i) => `refs/*/x${i}`) },
    }),
    remotes: () => ({ listing: () => refLines(100_000, (i) => `refs/heads/branch-${i}`) }),
  },
  {
    name: 'twelve thousand mappings',
    path: '/plan',
    parts: () => ({
      scope: { mappings: Array.from({ length: 12_000 }, (_, i) => ({ source: `a${i}`, target: `b${i}` })) },
    }),
  },
  {
    name: 'a megabyte of mistakes',
    path: '/plan',
    parts: () => ({ scope: { branches: Array<number>(500_000).fill(1) } }),
  },
]

/** The run takes steps, and so it reads the source's history. */
function limited() {
  return { options: { targetMaxPackBytes: 1_000 } }
}
