import t from 'tap'
import ts from 'typescript'
import * as library from '../../src/index.js'
import * as unstable from '../../src/unstable.js'
import { readPage } from '../../testing/project/documents.js'
import { projectFile } from '../../testing/project/project.js'

// Its examples are compiled and run with those of all pages: see examples.test.ts.
const { text } = readPage('docs/library.md')

t.test('every value that is exported is documented', async (t) => {
  const names = [...Object.keys(library), ...Object.keys(unstable)].filter((name) => name !== 'problems')
  t.ok(names.length > 4)
  for (const name of names) t.match(text, name)
})

t.test('every option of a client is documented', async (t) => {
  const options = membersOf('src/engine/run/runner.ts', 'ClientOptions')
  t.ok(options.length > 4)
  for (const name of options) t.match(text, `\`${name}\``)
})

/** The names of an interface's members. */
function membersOf(path: string, name: string): string[] {
  const source = ts.sys.readFile(projectFile(path)) ?? ''
  const { statements } = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true)
  return statements
    .filter(ts.isInterfaceDeclaration)
    .filter((statement) => statement.name.text === name)
    .flatMap(({ members }) => members.flatMap((member) => (member.name ? [member.name.getText()] : [])))
}
