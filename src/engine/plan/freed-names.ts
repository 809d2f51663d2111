import { sortInTurns } from '../../runtime/sort-yielding.js'
import { Pace } from '../../runtime/yield.js'

/**
 * The new names that cannot exist together with a deleted one: `a` and `a/b` exclude each other. One pass over all names in
 * the order of their paths, as a name may have thousands of parents.
 */
export async function namesFreedBy(
  deletes: readonly Named[],
  creates: readonly Named[],
  signal?: AbortSignal,
): Promise<Set<string>> {
  const freed = new Set<string>()
  if (deletes.length === 0 || creates.length === 0) return freed
  const pace = new Pace(signal)
  const paths = [...(await pathsOf(deletes, true, pace)), ...(await pathsOf(creates, false, pace))]
  /** The paths that lie above the present one. */
  const above: Path[] = []
  for (const path of await sortInTurns(paths, byKey, signal)) {
    while (above.length > 0 && !path.isBelow(above.at(-1) as Path)) above.pop()
    if (path.isDeleted) {
      // All above one that is marked were marked with it.
      for (let at = above.length - 1; at >= 0 && !above[at]?.isFreeing; at--) above[at]?.mark(freed)
    }
    const parent = above.at(-1)
    path.hasDeletedAbove = parent !== undefined && (parent.isDeleted || parent.hasDeletedAbove)
    if (!path.isDeleted && path.hasDeletedAbove) freed.add(path.name)
    above.push(path)
    if (pace.spend()) await pace.turn()
  }
  return freed
}

async function pathsOf(names: readonly Named[], isDeleted: boolean, pace: Pace): Promise<Path[]> {
  const paths: Path[] = []
  for (const { targetRef } of names) {
    paths.push(new Path(targetRef, isDeleted))
    if (pace.spend(1 + targetRef.length / 8)) await pace.turn()
  }
  return paths
}

interface Named {
  targetRef: string
}

class Path {
  /** Sorts what lies below a path right behind it: no other character of a name comes before its slash. */
  readonly key: string
  hasDeletedAbove = false
  /** A deleted path lies below it. */
  isFreeing = false

  constructor(
    readonly name: string,
    readonly isDeleted: boolean,
  ) {
    this.key = name.replaceAll('/', '\0')
  }

  isBelow(other: Path): boolean {
    return (
      this.key.length > other.key.length &&
      this.key[other.key.length] === '\0' &&
      this.key.startsWith(other.key)
    )
  }

  mark(freed: Set<string>): void {
    this.isFreeing = true
    if (!this.isDeleted) freed.add(this.name)
  }
}

function byKey(a: Path, b: Path): number {
  return a.key < b.key ? -1 : Number(a.key > b.key)
}
