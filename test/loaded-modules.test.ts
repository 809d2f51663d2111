import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { stage } from '../testing/cases/stage.js'
import { projectFile } from '../testing/project/project.js'
import { temporaryFolder } from '../testing/temporary-folder.js'

const execute = promisify(execFile)
const cli = projectFile('dist/src/cli.js')
const library = pathToFileURL(projectFile('dist/src/index.js')).href

/** Appends the URL of each module that is loaded to a file, from Node's own hook. */
const HOOK = `
import { appendFileSync } from 'node:fs'
export async function load(url, context, next) {
  appendFileSync(process.env.LOADED_MODULES, url + '\\n')
  return next(url, context)
}`
const REGISTER = `
import { register } from 'node:module'
register(${JSON.stringify(asUrl(HOOK))})`

function asUrl(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`
}

/** The packages that a program loads, sorted. */
async function packagesOf(t: Test, ...args: string[]): Promise<string[]> {
  const file = join(await temporaryFolder(t), 'loaded')
  const env = { ...process.env, LOADED_MODULES: file }
  await execute(process.execPath, ['--import', asUrl(REGISTER), ...args], { env })
  const found = (await readFile(file, 'utf8')).matchAll(/.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/g)
  return [...new Set([...found].map(([, name = '']) => name))].sort()
}

t.test('--version loads no package', async (t) => {
  t.strictSame(await packagesOf(t, cli, '--version'), [])
})

t.test('an import of the library loads no package', async (t) => {
  t.strictSame(await packagesOf(t, '--input-type=module', '--eval', `import '${library}'`), [])
})

t.test('a plan on the command line loads nothing of the service, and no OpenTelemetry', async (t) => {
  const { source, target } = await stage(t)
  await source.commit('main')
  const packages = await packagesOf(t, cli, 'plan', source.url, target.url)
  t.ok(packages.includes('undici'), 'it ran')
  const unwanted = packages.filter((name) =>
    /^(?:@?fastify|@opentelemetry|pino|prom-client|typebox)/.test(name),
  )
  t.strictSame(unwanted, [])
})
