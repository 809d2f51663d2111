import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { projectFile } from '../../testing/project/project.js'

const execute = promisify(execFile)

t.test('a short soak holds', { timeout: 240_000 }, async (t) => {
  const env = { ...process.env, GITSYNC_SOAK_RUNS: '60' }
  const { stdout, code = 0 } = (await execute(process.execPath, [projectFile('dist/soak/soak.js')], {
    env,
  }).catch((error: { stdout: string; code: number }) => error)) as { stdout: string; code?: number }
  for (const line of stdout.trim().split('\n')) t.comment(line)
  t.equal(code, 0)
  t.match(stdout, /^60 runs in \d+ s, seed 1; faults were put into [1-9]/)
  t.match(stdout, /everything holds/)
})
