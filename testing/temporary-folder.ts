import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new folder, removed when the test ends; without a test, the caller removes it. */
export async function temporaryFolder(t?: {
  teardown(action: () => Promise<void>): unknown
}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'git-sync-'))
  t?.teardown(() => removeFolder(folder))
  return folder
}

/** Removes a folder and tries again while a process that is just ending still writes into it. */
export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}
