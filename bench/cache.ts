import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(tmpdir(), 'git-sync-bench')

/** A folder that is made once for its key, and found again by later runs. */
export async function cached(key: string, make: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = join(root, key)
  if (existsSync(folder)) return folder
  process.stderr.write(`  making ${key} (kept in ${root})\n`)
  const partial = `${folder}.${process.pid}`
  await mkdir(partial, { recursive: true })
  try {
    await make(partial)
    await rename(partial, folder)
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return folder
}
