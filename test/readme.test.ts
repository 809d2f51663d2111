import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { problemCodes } from '../schemas/problem.js'
import { buildApp } from '../src/app.js'
import * as library from '../src/index.js'
import { projectFile } from '../testing/project/project.js'

const readme = readFileSync(projectFile('README.md'), 'utf8')
const exists = (path: string) => existsSync(projectFile(path))

interface Fence {
  language: string
  text: string
}

const FENCE = /^ *```(\S*)[^\n]*\n([\s\S]*?)^ *```/gm
const fences: Fence[] = [...readme.matchAll(FENCE)].map(([, language = '', text = '']) => ({
  language,
  text,
}))
const prose = readme.replaceAll(FENCE, '')
const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text)
const shell = [
  ...fences.filter(({ language }) => /^(sh|bash|shell|console)$/.test(language)).map(({ text }) => text),
]
const found = (pattern: RegExp, ...texts: string[]) => [
  ...new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map(([, first = '']) => first))),
]

t.test('every npm script that is named is there', async (t) => {
  const { scripts } = JSON.parse(readFileSync(projectFile('package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const texts = [...shell, ...spans]
  const named = [
    ...found(/\bnpm run(?:-script)? +(?:-\S+ +)*([\w:-]+)/g, ...texts),
    ...found(/\bnpm (start|test|stop|restart)\b/g, ...texts),
  ]
  t.ok(named.length > 0)
  for (const name of named) t.ok(name in scripts, `npm run ${name}`)
})

/** Names of files, and names below a folder that the tree has or that end in a slash. */
function pathsIn(text: string): string[] {
  const words = text.split(/[\s,;()]+/).map((word) => word.replace(/[.:]+$/, ''))
  return words.filter((word) => {
    if (!/^\.{0,2}[\w@-][\w@./*-]*$/.test(word) || /^(application|refs|text)\//.test(word)) return false
    const [first = ''] = word.split('/')
    return (
      /\.(ts|js|mjs|json|md|ya?ml|sh)$/.test(word) ||
      word.endsWith('/') ||
      (word.includes('/') && exists(first))
    )
  })
}

t.test('every file and folder that is named is there', async (t) => {
  const links = found(/\]\((?!\w+:|#)([^)#\s]+)/g, prose)
  const commands = shell.flatMap((text) => pathsIn(text.replaceAll(/'[^']*'|"[^"]*"|#.*/g, '')))
  const named = new Set([...links, ...spans.flatMap(pathsIn), ...commands])
  for (const path of named) t.ok(exists(path), path)
})

/** The paths of a drawn tree: an indented name is below the last folder that is less indented. */
function drawnPaths(text: string): string[] {
  const folders: { indent: number; path: string }[] = []
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.flatMap((line) => {
    const indent = line.search(/[^\s│├└─|]/)
    while ((folders.at(-1)?.indent ?? -1) >= indent) folders.pop()
    const below = folders.at(-1)?.path ?? ''
    return pathsIn(line).map((name) => {
      const path = exists(name) && name.includes('/') ? name : below + name
      if (name.endsWith('/') && line.trimStart().startsWith(name)) folders.push({ indent, path })
      return path
    })
  })
}

t.test('every file and folder of the drawn tree is there', async (t) => {
  const trees = fences.filter(({ language, text }) => /^(text)?$/.test(language) && /^\s*\w+\/\s/m.test(text))
  for (const path of trees.flatMap(({ text }) => drawnPaths(text))) t.ok(exists(path), path)
})

t.test('every route that is named is there', async (t) => {
  const app = await buildApp({ client: new library.Client() })
  await app.ready()
  const named = found(/\b((?:GET|POST|PUT|DELETE|PATCH) \/[\w./-]*)/g, readme)
  t.ok(named.length > 0)
  for (const route of named) {
    const [method = '', url = ''] = route.split(' ')
    t.ok(app.hasRoute({ method, url }), route)
  }
  for (const url of found(/\bhttps?:\/\/(?:127\.0\.0\.1|localhost):8080(\/[\w./-]+)/g, readme)) {
    t.ok(
      ['GET', 'POST'].some((method) => app.hasRoute({ method, url })),
      url,
    )
  }
  await app.close()
})

t.test('what is imported from the library is exported', async (t) => {
  const imports = found(/\bimport \{([^}]+)\} from 'git-sync'/g, ...fences.map(({ text }) => text))
  const names = imports.flatMap((list) => list.split(',').map((name) => name.trim()))
  for (const name of names.filter((name) => name !== '' && !name.startsWith('type ')))
    t.ok(name in library, name)
})

t.test('the bodies of the examples are requests that fit', async (t) => {
  const calls = shell.flatMap((text) => text.split(/(?=\bcurl )/))
  for (const call of calls) {
    const [route] = found(/:\d+\/(probe|plan|sync|replicate)\b/g, call)
    const [body] = found(/(?:-d|--data|--json) '([^']*)'/g, call)
    if (route === undefined || body === undefined) continue
    const check = route === 'probe' ? library.validateProbeRequest : library.validateSyncRequest
    t.doesNotThrow(() => check(JSON.parse(body)), body)
  }
})

t.test('every setting that is named is one', async (t) => {
  const config = readFileSync(projectFile('src/service/config.ts'), 'utf8')
  for (const name of found(/\b(GITSYNC_[A-Z_]*[A-Z])\b/g, readme)) {
    t.match(config, new RegExp(`\\b${name}\\b`), `${name} is read`)
  }
})

t.test('every problem code that is named is one', async (t) => {
  const codes = new Set<string>(problemCodes)
  const unknown = spans.filter((span) => /^[a-z]+(_[a-z]+)+$/.test(span) && !codes.has(span))
  t.same(unknown, [])
})
