import { costOfName, Pace } from '../../runtime/yield.js'
import type { Scope } from '../request/scope.js'
import { BoundedNotices } from '../run/notices.js'

/** Microseconds that each further exclude of a name takes. */
const MATCH_COST = 0.1

/**
 * Notices of excludes that match no ref of either side. Where refs are to be deleted, one that is misspelt was perhaps
 * to keep one of them.
 */
export async function idleExcludes(
  scope: Scope,
  sides: readonly ReadonlyMap<string, string>[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const idle = new Set(scope.excludes)
  const pace = new Pace(signal)
  for (const refs of sides) {
    for (const name of refs.keys()) {
      if (idle.size === 0) return []
      if (pace.spend(costOfName(name))) await pace.turn()
      for (const pattern of scope.index.excludes.matches(name)) {
        idle.delete(pattern)
        if (pace.spend(MATCH_COST)) await pace.turn()
      }
    }
  }
  const notices = new BoundedNotices()
  for (const { text } of idle) notices.add('the exclude %s matches no ref, and refs are to be deleted', text)
  return notices.texts()
}
