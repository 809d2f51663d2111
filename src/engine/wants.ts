import type { Command } from '../git/push-request.js'

/** The objects that commands bring and no ref of the target holds, each once. */
export function newObjects(commands: readonly Command[], targetRefs: ReadonlyMap<string, string>): string[] {
  const ids = new Set(commands.map(({ newId }) => newId))
  ids.delete('')
  if (ids.size > 0) for (const id of targetRefs.values()) ids.delete(id)
  return [...ids]
}
