import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import * as schemas from '../../schemas/event.js'
import { libraryCodes, type ProblemCode, problemCodes, problems } from '../../schemas/problem.js'
import { SETTINGS, Settings } from '../../src/settings/settings.js'
import { firstColumn, readPage, readPages } from '../../testing/project/documents.js'
import { projectFile } from '../../testing/project/project.js'

const api = readPage('docs/api.md')
const operating = readPage('docs/operating.md')

t.test('every problem code is documented with its status, and no other', async (t) => {
  const rows = [...api.prose.matchAll(/^\| (`[a-z_`, ]+`) \| (\d{3}|–)(, retryable)? \|/gm)]
  const found = new Map(
    rows.flatMap(([, cell = '', status, retryable]) =>
      [...cell.matchAll(/`([a-z_]+)`/g)].map(([, code = '']) => [
        code,
        { status, retryable: retryable !== undefined },
      ]),
    ),
  )
  t.strictSame([...found.keys()].sort(), [...problemCodes].sort())
  for (const [code, said] of found) {
    const { status, retryable } = problems[code as ProblemCode]
    // No response has them.
    t.strictSame(said, { status: libraryCodes.has(code) ? '–' : String(status), retryable }, code)
  }
})

t.test('every type of event is documented, and no other', async (t) => {
  const types = schemas.Event.anyOf.flatMap(
    ({ properties }) => (properties.type as unknown as { enum: string[] }).enum,
  )
  const [, section = ''] = api.prose.split('\n## Events\n')
  const found = firstColumn({ ...api, prose: section.split('\n## ')[0] ?? '' }).filter(
    (word) => word !== 'type',
  )
  t.strictSame(found.sort(), types.sort())
})

t.test('every setting of the service is documented once, and no other', async (t) => {
  const documented = firstColumn(operating).filter((word) => word.startsWith('GITSYNC_'))
  t.ok(documented.length >= 19)
  t.strictSame(documented.sort(), [...SETTINGS].sort())
})

t.test('the default that is documented is the one that is taken', async (t) => {
  for (const [name, schema] of Object.entries(Settings.properties)) {
    const [, documented = ''] =
      new RegExp(`^\\| \`${name}\` \\| ([^|]+) \\|`, 'm').exec(operating.prose) ?? []
    if (name === 'GITSYNC_SPOOL_DIR') t.equal(documented, "the system's")
    else if ('default' in schema) t.equal(documented, `\`${schema.default}\``, name)
    else t.match(documented, /^[^`]+$/, name)
  }
})

t.test('every page is linked from the README, and every relative link leads somewhere', async (t) => {
  const linked = new Set<string>()
  for (const { path, prose } of readPages()) {
    for (const [, target = '', anchor] of prose.matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g)) {
      const file = target === '' ? path : join(dirname(path), target)
      t.ok(existsSync(projectFile(file)), `${path} links ${target}`)
      if (path === 'README.md') linked.add(file)
      if (anchor) t.ok(anchorsOf(file).includes(anchor), `${path} links #${anchor} of ${file}`)
    }
  }
  for (const { path } of readPages().slice(1)) t.ok(linked.has(path), `the README links ${path}`)
})

/** As the places that show Markdown make them of headings. */
function anchorsOf(path: string): string[] {
  return [...readPage(path).prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
