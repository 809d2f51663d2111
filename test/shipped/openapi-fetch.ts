// Part of `npm run shipped`.

import { execFile } from 'node:child_process'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { stage } from '../../testing/cases/stage.js'
import { serveApp } from '../../testing/processes/served-app.js'
import { projectFile } from '../../testing/project/project.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'

const run = promisify(execFile)
const tool = (name: string) => projectFile(`node_modules/.bin/${name}`)

/** What a caller would write, with the types that were generated. */
const PROGRAM = `
import createClient from 'openapi-fetch'
import type { components, paths } from './git-sync.js'

const [baseUrl = '', source = '', target = ''] = process.argv.slice(2)
const client = createClient<paths, 'application/json' | 'application/problem+json'>({
  baseUrl,
  headers: { Accept: 'application/json' },
})
const body: components['schemas']['SyncRequest'] = { source: { url: source }, target: { url: target } }

const probe = await client.POST('/probe', { body: { source: { url: source } } })
if (probe.error) throw new Error(probe.error.detail)
const plan = await client.POST('/plan', { body })
if (plan.error) throw new Error(plan.error.detail)
const expectedPlan: string = plan.data.plan.digest
const sync = await client.POST('/sync', { body: { ...body, policy: { expectedPlan } } })
if (sync.error) throw new Error(sync.error.detail)
const again = await client.POST('/replicate', { body: { ...body, policy: { expectedPlan } } })
const code: components['schemas']['ProblemCode'] | undefined = again.error?.code

const action: 'create' | 'update' | 'delete' | 'skip' | 'block' | 'warn' | undefined = sync.data.refs[0]?.action
// @ts-expect-error a misspelt property is no request
const misspelt: components['schemas']['SyncPolicy'] = { prunee: true }
const name = (event: components['schemas']['Event']) => event.type === 'started' ? event.operation : event.type
console.log(JSON.stringify({
  refs: probe.data.refs.length, digest: plan.data.plan.digest, applied: sync.data.counts.applied, action, code,
  name: name({ type: 'heartbeat' }), misspelt,
}))
`

t.test('a client of openapi-typescript and openapi-fetch probes, plans and syncs', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  const { url } = await serveApp(t, { client })
  const folder = await temporaryFolder(t)
  await symlink(projectFile('node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  await writeFile(join(folder, 'program.ts'), PROGRAM)

  await run(tool('openapi-typescript'), [
    projectFile('openapi/openapi.json'),
    '-o',
    join(folder, 'git-sync.ts'),
  ])
  await compile(folder, 'program.ts')
  const parts = request()
  const { stdout } = await run('node', [join(folder, 'program.js'), url, parts.source.url, parts.target.url])

  t.match(JSON.parse(stdout), {
    refs: 1,
    digest: /^sha256:/,
    applied: 1,
    action: 'create',
    code: 'plan_changed',
    name: 'heartbeat',
  })
  t.strictSame(await target.soundRefs(), await source.refs())
})

/** As strictly as TypeScript can. */
async function compile(folder: string, file: string): Promise<void> {
  const flags = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--skipLibCheck']
  const modern = ['--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023,dom', '--types', 'node']
  await run(tool('tsc'), [...flags, ...modern, join(folder, file)], { cwd: folder }).catch((error) => {
    throw new Error(`tsc says:\n${error.stdout}`)
  })
}
