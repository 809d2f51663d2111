import { execFile } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { stage } from '../../testing/cases/stage.js'
import { missing, runPython } from '../../testing/processes/python.js'
import { serveApp } from '../../testing/processes/served-app.js'
import { type Fence, localize, readPages } from '../../testing/project/documents.js'
import { projectFile } from '../../testing/project/project.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'

const run = promisify(execFile)

interface Example extends Fence {
  name: string
}

const examples: Example[] = readPages().flatMap(({ path, fences }) =>
  fences.map((fence, index) => ({ ...fence, name: `${path}, example ${index + 1}` })),
)
const of = (...languages: string[]) => examples.filter(({ language }) => languages.includes(language))

interface Teardown {
  teardown(action: () => Promise<void>): unknown
}

/** A service and two repositories of an example's own, and a way to put their URLs in. */
async function localWorld(t: Teardown) {
  const { source, target, client } = await stage(t)
  await source.branch('release/1.0', await source.commit('main'))
  await source.commit('main')
  const { url } = await serveApp(t, { client })
  const local = (text: string) => localize(text.replaceAll('http://127.0.0.1:8080', url), source, target)
  return { source, target, local }
}

t.test('curl lines', async (t) => {
  const calls = of('sh', 'bash').filter(({ text }) => /^curl /m.test(text))
  t.ok(calls.length >= 4)
  for (const { name, text } of calls) {
    const { source, target, local } = await localWorld(t)
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', local(text)])
    t.match(stdout, /"type":"result"|"counts":|done/, name)
    t.notMatch(stdout, /"type":"error"/, name)
    const expected = text.includes('/plan') ? {} : await source.refs()
    t.strictSame(await target.refs(), expected, name)
  }
})

t.test('TypeScript', async (t) => {
  const programs = of('ts', 'typescript')
  t.ok(programs.length >= 4)
  const folder = await projectWithLibrary(t)
  const worlds = await Promise.all(programs.map(() => localWorld(t)))
  for (const [index, { text }] of programs.entries()) {
    await writeFile(join(folder, `example-${index}.ts`), `${worlds[index]?.local(text)}\nexport {}\n`)
  }
  await compile(
    folder,
    programs.map((_, index) => `example-${index}.ts`),
  )
  for (const [index, { name, text }] of programs.entries()) {
    await run('node', [join(folder, `example-${index}.js`)])
    const readsOnly = /\.probe\(/.test(text)
    const expected = readsOnly ? {} : await worlds[index]?.source.refs()
    t.strictSame(await worlds[index]?.target.refs(), expected, name)
  }
})

const generator = 'openapi-python-client'
t.test('Python', { skip: await missing(generator) }, async (t) => {
  const document = projectFile('openapi/openapi.json')
  const programs = of('python')
  t.ok(programs.length >= 1)
  for (const { name, text } of programs) {
    const { source, target, local } = await localWorld(t)
    const folder = await temporaryFolder(t)
    const output = join(folder, 'git_sync_client')
    await runPython(generator, 'generate', '--path', document, '--meta', 'none', '--output-path', output)
    await writeFile(join(folder, 'example.py'), local(text))
    t.equal(await runPython('python', join(folder, 'example.py')), '2\n', name)
    t.strictSame(await target.refs(), await source.refs(), name)
  }
})

/** A project in which this package is installed, and the types of its API are generated. */
async function projectWithLibrary(t: Teardown): Promise<string> {
  const folder = await temporaryFolder(t)
  const modules = join(folder, 'node_modules')
  await mkdir(join(modules, '@types'), { recursive: true })
  await symlink(projectFile('.'), join(modules, 'git-sync'))
  for (const name of ['openapi-fetch', 'openapi-typescript-helpers', 'undici', '@types/node'])
    await symlink(projectFile(`node_modules/${name}`), join(modules, name))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  const generate = projectFile('node_modules/.bin/openapi-typescript')
  await run(generate, [projectFile('openapi/openapi.json'), '-o', join(folder, 'git-sync-api.ts')])
  return folder
}

async function compile(folder: string, files: readonly string[]): Promise<void> {
  const flags = ['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', '--target', 'es2023']
  const modules = ['--module', 'nodenext', '--types', 'node']
  const tsc = projectFile('node_modules/.bin/tsc')
  await run(tsc, [...flags, ...modules, ...files], { cwd: folder }).catch((error) => {
    throw new Error(`tsc says:\n${error.stdout}`)
  })
}
