import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type BuiltStage, carryOut, parseDockerfile } from '../../testing/project/dockerfile.js'
import { projectFile } from '../../testing/project/project.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'

// Part of `npm run shipped`: it installs all packages twice, which takes longer than most tests together.

t.setTimeout(300_000)

const instructions = parseDockerfile(await readFile(projectFile('Dockerfile'), 'utf8'))

t.test(
  'its steps, carried out in a clean folder, give a service that runs',
  { timeout: 300_000 },
  async (t) => {
    const image = await carryOut(instructions, await temporaryFolder(t))
    t.equal(image.env.GITSYNC_HOST, '0.0.0.0')
    const { packages } = JSON.parse(await readFile(projectFile('package-lock.json'), 'utf8'))
    const { dependencies, devDependencies } = packages['']
    // Some of what the tests want is also wanted by what the service wants.
    const forTests = Object.keys(devDependencies).filter((name) => packages[`node_modules/${name}`].dev)
    const isInstalled = (name: string) => existsSync(join(image.workdir, 'node_modules', name))
    t.strictSame(Object.keys(dependencies).filter(isInstalled), Object.keys(dependencies))
    t.strictSame(forTests.filter(isInstalled), [])

    const env = {
      ...image.env,
      PATH: process.env.PATH,
      GITSYNC_HOST: '127.0.0.1',
      GITSYNC_PORT: await freePort(),
    }
    t.not(await health(image, env), 0, 'nothing runs yet')
    const service = start(t, image, env)
    while ((await health(image, env)) !== 0 && service.exitCode === null) await sleep(50)
    t.equal(await health(image, env), 0)

    service.kill('SIGTERM')
    t.strictSame(await once(service, 'exit'), [0, null], 'SIGTERM ends it in good order')
    t.equal(await health(image, env), 1)
  },
)

type Environment = Record<string, string | undefined>

function start(
  t: { teardown(action: () => unknown): unknown },
  { command, workdir }: BuiltStage,
  env: Environment,
): ChildProcess {
  const [program = '', ...args] = command
  const service = spawn(program, args, { cwd: workdir, env, stdio: 'ignore' })
  t.teardown(() => service.kill('SIGKILL'))
  return service
}

/** The exit code of the health check. */
async function health({ healthcheck, workdir }: BuiltStage, env: Environment): Promise<number> {
  const [program = '', ...args] = healthcheck
  const [code] = await once(spawn(program, args, { cwd: workdir, env, stdio: 'ignore' }), 'exit')
  return code
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return String(typeof address === 'object' && address?.port)
}
