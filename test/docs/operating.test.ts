import { readFileSync } from 'node:fs'
import t from 'tap'
import { problemCodes } from '../../schemas/problem.js'
import { serveApp } from '../../testing/processes/served-app.js'
import { projectFile } from '../../testing/project/project.js'

const page = readFileSync(projectFile('docs/operating.md'), 'utf8')
const found = (pattern: RegExp, text: string) =>
  [...new Set([...text.matchAll(pattern)].map(([, first = '']) => first))].sort()

t.test('every metric is on the page, and every one on the page is there', async (t) => {
  const { url } = await serveApp(t)
  const text = await (await fetch(`${url}/metrics`)).text()
  t.strictSame(found(/`(gitsync_\w+)/g, page), found(/^# TYPE (gitsync_\w+) /gm, text))
  t.match(text, new RegExp(`^# TYPE ${found(/`(nodejs_eventloop_\w+)`/g, page)[0]} `, 'm'))
})

t.test('every refusal that is counted is on the page', async (t) => {
  const { url } = await serveApp(t)
  const text = await (await fetch(`${url}/metrics`)).text()
  const row = page.split('\n').find((line) => line.startsWith('| `gitsync_refusals_total`')) ?? ''
  const codes = found(/`([a-z_]+)`/g, row).filter((word) => (problemCodes as string[]).includes(word))
  t.strictSame(codes, found(/^gitsync_refusals_total\{code="(\w+)"\}/gm, text))
})
