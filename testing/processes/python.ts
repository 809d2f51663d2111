import { execFile } from 'node:child_process'
import { delimiter } from 'node:path'
import { promisify } from 'node:util'
import { projectFile } from '../project/project.js'

const run = promisify(execFile)

/** A virtual environment of the project's own goes before the system's Python. */
const env = { ...process.env, PATH: `${projectFile('.venv/bin')}${delimiter}${process.env.PATH}` }

/** Runs a program of Python's world and gives what it writes; on failure the error has what it said. */
export async function runPython(program: string, ...args: string[]): Promise<string> {
  return (await run(program, args, { env })).stdout
}

/** Why a test that wants this program cannot run here; `false` where it can. */
export async function missing(program: string): Promise<string | false> {
  const install = 'python3 -m venv .venv && .venv/bin/pip install -r test/requirements.txt'
  return runPython(program, '--version').then(
    () => false,
    () => `${program} is not here; to have it: ${install}`,
  )
}
