import { git } from '../../testing/git/git.js'

const known = new Map<string, Promise<boolean>>()

/** Whether git's receive-pack takes a ref of this name: below `refs/` it wants two levels. */
export function isPushable(name: string): Promise<boolean> {
  const verdict = known.get(name) ?? ask(name)
  known.set(name, verdict)
  return verdict
}

async function ask(name: string): Promise<boolean> {
  if (!name.startsWith('refs/')) return false
  return git('.', 'check-ref-format', name.slice('refs/'.length)).then(
    () => true,
    () => false,
  )
}

export function kindOf(name: string): 'branch' | 'tag' | 'other' {
  if (name.startsWith('refs/heads/')) return 'branch'
  return name.startsWith('refs/tags/') ? 'tag' : 'other'
}

/** api.md: "`refs/gitsync/*` … reserved for this program: never mirrored, planned or pruned as a ref of yours." */
export function isReservedName(name: string): boolean {
  return name.startsWith('refs/gitsync/')
}

export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
