import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { temporaryFolder } from '../temporary-folder.js'
import { projectFile } from './project.js'

/** A program with the command line of the Go one: our own. */
export async function goStandIn(t: Test): Promise<string> {
  const file = join(await temporaryFolder(t), 'git-sync')
  await writeFile(file, `#!/bin/sh\nexec '${process.execPath}' '${projectFile('dist/src/cli.js')}' "$@"\n`)
  await chmod(file, 0o755)
  return file
}
