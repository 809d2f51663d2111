import { execFile } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import ts from 'typescript'
import * as library from '../../src/index.js'
import * as unstable from '../../src/unstable.js'
import { onServers, readDocument } from '../support/document.js'
import { gitEnv } from '../support/git.js'
import { projectFile } from '../support/project.js'
import { stage } from '../support/stage.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const run = promisify(execFile)
const { text, fences } = readDocument('docs/library.md')
const examples = fences.filter(({ language }) => language === 'ts')

/** An empty project that has this package. */
async function project(t: Test) {
  const folder = await temporaryFolder(t)
  await mkdir(join(folder, 'node_modules/@types'), { recursive: true })
  await symlink(projectFile('.'), join(folder, 'node_modules/git-sync'))
  for (const name of ['undici', '@types/node']) {
    await symlink(projectFile(`node_modules/${name}`), join(folder, 'node_modules', name))
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  return folder
}

t.test('the examples compile', async (t) => {
  const folder = await project(t)
  const files = examples.map((_, index) => join(folder, `example-${index}.ts`))
  for (const [index, file] of files.entries()) await writeFile(file, examples[index]?.text ?? '')
  const program = ts.createProgram(files, {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
  })
  const words = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
  t.strictSame(words, [])
})

t.ok(examples.length > 4)
for (const [index, example] of examples.entries()) {
  t.test(`example ${index + 1} runs`, async (t) => {
    const folder = await project(t)
    const needsToken = example.text.includes('token')
    const { source, target } = await stage(t, {
      target: needsToken ? { auth: { username: 'ada', password: 't0ken' } } : {},
    })
    await source.addCommits('main', 3)
    await source.branch('release/1.0', await source.head('main'))
    await source.addCommits('main', 1)
    const code = ts.transpileModule(onServers(example.text, source, target), {
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
    })
    await writeFile(join(folder, 'example.js'), code.outputText)

    const env = { ...gitEnv(), TARGET_TOKEN: 't0ken' }
    const { stdout } = await run(process.execPath, [join(folder, 'example.js')], { cwd: folder, env })

    t.match(stdout, /\S/)
    const pushes = /\.(?:sync|bootstrap)\(/.test(example.text)
    t.strictSame(await target.refs(), pushes ? await source.refs() : {})
  })
}

t.test('what is imported is exported, and every value that is exported is documented', async (t) => {
  const names = [...Object.keys(library), ...Object.keys(unstable)].filter((name) => name !== 'problems')
  for (const name of names) t.match(text, name)
})

t.test('every option of a client is documented', async (t) => {
  const source = ts.sys.readFile(projectFile('src/engine/runner.ts')) ?? ''
  const options = [
    ...(/interface ClientOptions \{[\s\S]*?\n\}/.exec(source)?.[0].matchAll(/^ {2}(\w+)\?:/gm) ?? []),
  ]
  t.ok(options.length > 4)
  for (const [, name = ''] of options) t.match(text, `\`${name}\``)
})
