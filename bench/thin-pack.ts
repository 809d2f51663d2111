import { gitBytes } from '../testing/git/git-bytes.js'

/** Bytes of the least that git itself would send: what `wants` reach and `haves` do not. */
export async function thinPackBytes(
  dir: string,
  wants: readonly string[],
  haves: readonly string[],
): Promise<number> {
  const input = [...wants, ...haves.map((id) => `^${id}`)].map((line) => `${line}\n`).join('')
  const flags = ['--thin', '--revs', '--stdout', '--delta-base-offset', '-q']
  return (await gitBytes({ input }, '-C', dir, 'pack-objects', ...flags)).length
}
