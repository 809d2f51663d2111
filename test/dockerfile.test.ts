import { readFile } from 'node:fs/promises'
import t from 'tap'
import { missing, runPython } from '../testing/processes/python.js'
import { parseDockerfile } from '../testing/project/dockerfile.js'
import { projectFile } from '../testing/project/project.js'

const instructions = parseDockerfile(await readFile(projectFile('Dockerfile'), 'utf8'))
const all = (name: string) =>
  instructions.filter((instruction) => instruction.name === name).map(({ rest }) => rest)

t.test('it passes the linter without a word', { skip: await missing('hadolint') }, async (t) => {
  t.equal(await runPython('hadolint', projectFile('Dockerfile')), '')
})

t.test('the base is pinned, and what runs is not root and hears signals', async (t) => {
  for (const base of all('FROM')) t.match(base, /^node:24\.\d+\.\d+-\w+-slim( AS \w+)?$/)
  const last = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'))
  t.match(last.find(({ name }) => name === 'USER')?.rest, /^[1-9]\d*$/)
  // A shell between would keep SIGTERM to itself.
  for (const rest of [...all('CMD'), ...all('HEALTHCHECK')]) t.match(rest, /\["node", /)
})

t.test('nothing is sent to the builder but what is copied', async (t) => {
  const ignore = (await readFile(projectFile('.dockerignore'), 'utf8')).split('\n')
  t.ok(ignore.includes('*'))
  const allowed = ignore.filter((line) => line.startsWith('!')).map((line) => line.slice(1))
  const copied = all('COPY')
    .filter((rest) => !rest.startsWith('--from='))
    .flatMap((rest) => rest.split(/\s+/).slice(0, -1))
  t.strictSame(new Set(allowed), new Set(copied))
})
