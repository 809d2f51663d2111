import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { buildApp } from '../../src/app.js'
import * as library from '../../src/index.js'
import { SETTINGS } from '../../src/settings/settings.js'
import { CLI_VARIABLES } from '../../src/settings/variables.js'
import { readPage, readPages } from '../../testing/project/documents.js'
import { projectFile } from '../../testing/project/project.js'

// What the pages name is there.

const pages = readPages()
const fences = pages.flatMap((page) => page.fences)
const shell = fences.filter(({ language }) => language === 'sh').map(({ text }) => text)
const spans = found(/`([^`\n]+)`/g, ...pages.map(({ prose }) => prose))
const exists = (path: string) => existsSync(projectFile(path))

/** The first group of every match, none twice. */
function found(pattern: RegExp, ...texts: string[]): string[] {
  return [...new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map(([, first = '']) => first)))]
}

t.test('npm scripts', async (t) => {
  const { scripts } = JSON.parse(readFileSync(projectFile('package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const named = [
    ...found(/\bnpm run(?:-script)? +(?:-\S+ +)*([\w:-]+)/g, ...shell, ...spans),
    ...found(/\bnpm (start|test|stop|restart)\b/g, ...shell, ...spans),
  ]
  t.ok(named.length >= 8)
  for (const name of named) t.ok(name in scripts, `npm run ${name}`)
})

/** Names of files, and names below a folder that the tree has or that end in a slash. */
function pathsIn(text: string): string[] {
  const words = text.split(/[\s,;()]+/).map((word) => word.replace(/[.:]+$/, ''))
  return words.filter((word) => {
    if (!/^\.{0,2}[\w@-][\w@./-]*$/.test(word) || /^(application|refs|text)\//.test(word)) return false
    const [first = ''] = word.split('/')
    return word.includes('/') && exists(first)
  })
}

/** Commands write these. */
const WRITTEN = ['bench/results.json', 'git-sync-api.ts']

t.test('files and folders', async (t) => {
  const named = new Set(spans.flatMap(pathsIn).filter((path) => !WRITTEN.includes(path)))
  t.ok(named.size >= 10)
  for (const path of named) t.ok(exists(path), path)
})

/** What a drawn tree names: an indented name is below the last folder that is less indented. */
function drawnPaths(text: string): string[] {
  const folders: { indent: number; path: string }[] = []
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.flatMap((line) => {
    const indent = line.search(/\S/)
    while ((folders.at(-1)?.indent ?? -1) >= indent) folders.pop()
    const below = folders.at(-1)?.path ?? ''
    const names = line.split(/[\s,;]+/).filter((word) => /^\w[\w/-]*(?:\.ts|\/)$/.test(word))
    const [first = ''] = names
    if (first.endsWith('/')) folders.push({ indent, path: below + first })
    // A name in what is said of a folder is below it, or at the root.
    return names.map((name) => [below, below + first, ''].map((folder) => folder + name).find(exists) ?? name)
  })
}

t.test('files and folders of the drawn tree', async (t) => {
  const [tree] = readPage('docs/architecture.md').fences
  const drawn = drawnPaths(tree?.text ?? '')
  t.ok(drawn.length >= 40)
  for (const path of drawn) t.ok(exists(path), path)
})

t.test('routes', async (t) => {
  const app = await buildApp({ client: new library.Client() })
  await app.ready()
  const texts = pages.map(({ text }) => text)
  const named = found(/`((?:GET|POST|PUT|DELETE|PATCH) \/[\w./-]*)`/g, readPage('README.md').text)
  t.ok(named.length >= 8)
  for (const route of named) {
    const [method = '', url = ''] = route.split(' ')
    t.ok(app.hasRoute({ method, url }), route)
  }
  const urls = found(/\bhttps?:\/\/(?:127\.0\.0\.1|localhost):8080(\/[\w./-]+)/g, ...texts)
  t.ok(urls.length >= 2)
  for (const url of urls) {
    t.ok(
      ['GET', 'POST'].some((method) => app.hasRoute({ method, url })),
      url,
    )
  }
  await app.close()
})

t.test('settings', async (t) => {
  const known = [...SETTINGS, ...CLI_VARIABLES]
  // Those of the tests are on pages of their own.
  const texts = pages.filter(({ path }) => !/testing|CONTRIBUTING/.test(path)).map(({ text }) => text)
  const named = found(/\b(GITSYNC_[A-Z_]*[A-Z])\b/g, ...texts)
  t.ok(named.length >= 20)
  for (const name of named) t.ok(known.includes(name), `${name} is read`)
})

t.test('the bodies of calls are valid requests', async (t) => {
  const calls = shell.flatMap((text) => text.split(/(?=\bcurl )/))
  const bodies = calls.flatMap((call) => {
    const [route] = found(/:\d+\/(probe|plan|sync|replicate)\b/g, call)
    const [body] = found(/(?:-d|--data|--json) '([^']*)'/g, call)
    return route === undefined || body === undefined ? [] : [{ route, body }]
  })
  t.ok(bodies.length >= 2)
  for (const { route, body } of bodies) {
    const check = route === 'probe' ? library.validateProbeRequest : library.validateSyncRequest
    t.doesNotThrow(() => check(JSON.parse(body)), body)
  }
})
