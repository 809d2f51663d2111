import t from 'tap'
import ts from 'typescript'
import * as library from '../../src/index.js'
import * as unstable from '../../src/unstable.js'
import { readPage } from '../../testing/project/documents.js'
import { projectFile } from '../../testing/project/project.js'

// Its examples are compiled and run with those of all pages: see examples.test.ts.
const { text } = readPage('docs/library.md')

t.test('what is imported is exported, and every value that is exported is documented', async (t) => {
  const names = [...Object.keys(library), ...Object.keys(unstable)].filter((name) => name !== 'problems')
  for (const name of names) t.match(text, name)
})

t.test('every option of a client is documented', async (t) => {
  const source = ts.sys.readFile(projectFile('src/engine/run/runner.ts')) ?? ''
  const options = [
    ...(/interface ClientOptions \{[\s\S]*?\n\}/.exec(source)?.[0].matchAll(/^ {2}(\w+)\?:/gm) ?? []),
  ]
  t.ok(options.length > 4)
  for (const [, name = ''] of options) t.match(text, `\`${name}\``)
})
