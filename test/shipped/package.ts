// Part of `npm run shipped`.

import { execFile } from 'node:child_process'
import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import ts from 'typescript'
import { VERSION } from '../../src/version.js'
import { stage } from '../../testing/cases/stage.js'
import { gitEnv } from '../../testing/git/git.js'
import { projectFile } from '../../testing/project/project.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'

const run = promisify(execFile)

interface Manifest {
  version: string
  dependencies: Record<string, string>
}

/** The package as npm packs it, in an empty project that has its dependencies and nothing else of ours. */
async function install(t: Test) {
  const project = await temporaryFolder(t)
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', project]
  const { stdout } = await run('npm', pack, { cwd: projectFile('.'), env: { ...gitEnv(), HOME: project } })
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }]
  const modules = join(project, 'node_modules')
  await mkdir(modules)
  await run('tar', ['-xzf', join(project, packed.filename), '-C', modules])
  const folder = join(modules, 'git-sync')
  await rename(join(modules, 'package'), folder)
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest
  for (const name of [...Object.keys(manifest.dependencies), '@types/node', 'undici-types'])
    await link(modules, name)
  await writeFile(join(project, 'package.json'), '{ "type": "module", "private": true }')
  // It makes the links to the bins, as an install does.
  await run('npm', ['rebuild', '--ignore-scripts'], { cwd: project, env: { ...gitEnv(), HOME: project } })
  return { project, folder, manifest, files: packed.files.map(({ path }) => path) }
}

async function link(modules: string, name: string) {
  await mkdir(dirname(join(modules, name)), { recursive: true })
  await symlink(projectFile(`node_modules/${name}`), join(modules, name))
}

const PROGRAM = `
import { Client, type ClientOptions, type Event, GitSyncError, type PlanResult, type ProbeResult, StaticAuthProvider, type SyncResult } from 'git-sync'
import { type FetchResult, UnstableClient } from 'git-sync/unstable'

type IsAny<T> = 0 extends 1 & T ? true : false
type AnyIn<T> = IsAny<T> extends true ? true : T extends object ? { [K in keyof T]-?: IsAny<T[K]> }[keyof T] : false
type None<T extends false> = T
export type NoneIsAny = [
  None<AnyIn<SyncResult>>, None<AnyIn<PlanResult>>, None<AnyIn<ProbeResult>>, None<AnyIn<FetchResult>>, None<AnyIn<Event>>,
  None<AnyIn<ClientOptions>>, None<AnyIn<SyncResult['refs'][number]>>, None<AnyIn<Parameters<Client['sync']>[0]>>,
]

const [, , sourceUrl = '', targetUrl = ''] = process.argv
const request = { source: { url: sourceUrl }, target: { url: targetUrl } }
const options: ClientOptions = { auth: new StaticAuthProvider({ target: { username: 'ada', token: 'hush' } }) }
const client = new Client(options)
const probe = await client.probe({ source: { url: sourceUrl } })
const types = new Set<string>()
const result = await client.sync(request, { onEvent: (event) => void types.add(event.type) })
const fetched = await new UnstableClient(options).fetch({ source: { url: sourceUrl } })
const code = await new UnstableClient(options).bootstrap(request).then(
  () => 'done',
  (error: unknown) => (error instanceof GitSyncError ? error.code : 'other'),
)
console.log(JSON.stringify({ refs: probe.refs.length, applied: result.counts.applied, objects: fetched.objects, code, planned: types.has('planned') }))
`

const COMPILER_OPTIONS: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.es2024.string.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
}

t.test('the package', async (t) => {
  const { project, folder, manifest, files } = await install(t)

  t.test('holds what is needed, and nothing else', async (t) => {
    t.equal(manifest.version, VERSION)
    for (const path of ['README.md', 'LICENSE', 'package.json', 'dist/src/cli.js', 'dist/src/index.d.ts']) {
      t.ok(files.includes(path), path)
    }
    const isNeeded =
      /^(?:package\.json|README\.md|LICENSE|openapi\/(?:openapi|examples)\.json|dist\/(?:src|routes|schemas)\/.+\.(?:js|js\.map|d\.ts))$/
    t.strictSame(
      files.filter((path) => !isNeeded.test(path)),
      [],
    )
    const modules = files.filter((path) => path.endsWith('.js'))
    t.strictSame(
      modules.filter((path) => !files.includes(`${path}.map`)),
      [],
    )
  })

  t.test('exports its package.json and the OpenAPI document', async (t) => {
    const program =
      "console.log(require('git-sync/package.json').version, require('git-sync/openapi.json').info.version)"
    const { stdout } = await run(process.execPath, ['-e', program], { cwd: project })
    t.equal(stdout, `${VERSION} ${VERSION}\n`)
  })

  t.test('runs as a command, by the name of its bin', async (t) => {
    const env = { ...gitEnv(), HOME: project }
    const bin = await run(join(project, 'node_modules/.bin/git-sync'), ['--version'], { env })
    t.equal(bin.stdout, `${VERSION}\n`)
    const npx = await run('npx', ['--no-install', 'git-sync', '--version'], { cwd: project, env })
    t.equal(npx.stdout, `${VERSION}\n`)
  })

  t.test('compiles into a strict ESM program, and no public type is `any`', async (t) => {
    const main = join(project, 'main.ts')
    await writeFile(main, PROGRAM)
    const program = ts.createProgram([main], COMPILER_OPTIONS)
    const { emitSkipped } = program.emit()
    const words = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
      return `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    })
    t.strictSame(words, [])
    t.notOk(emitSkipped)

    const ours = program.getSourceFiles().filter(({ fileName }) => fileName.includes('/git-sync/dist/'))
    t.ok(ours.length > 10)
    const anys = ours.filter((file) => holdsAny(file)).map(({ fileName }) => fileName)
    t.strictSame(anys, [])
  })

  t.test('works as a library against real remotes', async (t) => {
    const { source, target } = await stage(t, { target: { auth: { username: 'ada', password: 'hush' } } })
    await source.addCommits('main', 5)
    const args = [join(project, 'main.js'), source.url, target.url]
    const { stdout } = await run(process.execPath, args, { env: gitEnv() })
    t.match(JSON.parse(stdout), { refs: 1, applied: 1, objects: 15, code: 'plan_refused', planned: true })
    t.strictSame(await target.soundRefs(), await source.refs())
  })

  t.test('brings the service too', async (t) => {
    const check = `const { buildApp } = await import(${JSON.stringify(join(folder, 'dist/src/app.js'))})`
    await run(process.execPath, ['--input-type=module', '-e', `${check}; buildApp`], { cwd: project })
    t.pass('it can be loaded with the dependencies that the package names')
  })
})

function holdsAny(node: ts.Node): boolean {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return true
  return ts.forEachChild(node, holdsAny) ?? false
}
