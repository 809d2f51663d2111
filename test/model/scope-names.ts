import type { RefScope } from '../../src/index.js'

/** A short name is a branch. */
export function fullName(name: string): string {
  return name.startsWith('refs/') ? name : `refs/heads/${name}`
}

/** What the `*` of a pattern stands for in a name; `''` where a pattern without one is that name. */
export function matchName(pattern: string, name: string): string | undefined {
  const [before = '', after] = fullName(pattern).split('*')
  if (after === undefined) return before === name ? '' : undefined
  const star = name.slice(before.length, name.length - after.length)
  return name === before + star + after ? star : undefined
}

/** The names under which the target may know a source ref: its own, and what the mappings make of it. */
export function namesOnTarget({ mappings }: RefScope, name: string): string[] {
  const mapped = (mappings ?? []).flatMap(({ source, target }) => {
    const star = matchName(source, name)
    return star === undefined ? [] : [fullName(target).replace('*', () => star)]
  })
  const isBranch = (each: string) => each.startsWith('refs/heads/')
  return [...new Set([name, ...mapped])].filter(
    (each) => isBranch(each) === isBranch(name) && !/\*|\.\.|\/\/|\/$/.test(each),
  )
}
