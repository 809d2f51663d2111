import { readdirSync, readFileSync } from 'node:fs'
import { projectFile } from './project.js'

export interface Fence {
  language: string
  text: string
}

export interface Page {
  /** From the project's root. */
  path: string
  text: string
  /** Text without what is fenced. */
  prose: string
  fences: Fence[]
}

const FENCE = /^ *```(\S*)[^\n]*\n([\s\S]*?)^ *```/gm

/** The pages at the root, the README first, and all pages of docs/. */
export function readPages(): Page[] {
  const paths = readdirSync(projectFile('docs')).filter((name) => name.endsWith('.md'))
  const root = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']
  return [...root, ...paths.map((name) => `docs/${name}`)].map(readPage)
}

export function readPage(path: string): Page {
  const text = readFileSync(projectFile(path), 'utf8')
  const fences = [...text.matchAll(FENCE)].map(([, language = '', text = '']) => ({ language, text }))
  return { path, text, fences, prose: text.replaceAll(FENCE, '') }
}

/** The words in code font in the first column of a page's tables. */
export function firstColumn({ prose }: Page): string[] {
  const cells = [...prose.matchAll(/^\|([^|]+)\|/gm)].map(([, cell = '']) => cell)
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word))
}

/** An example with the servers of a test in the place of those that do not exist. */
export function localize(text: string, source: { url: string }, target: { url: string }): string {
  return text
    .replace(/https:\/\/git\.example\.com\/[\w/-]+\.git/g, source.url)
    .replace(/https:\/\/mirror\.example\.com\/[\w/-]+\.git/g, target.url)
}
