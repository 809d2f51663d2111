import { readFileSync } from 'node:fs'
import { projectFile } from './project.js'

export interface Fence {
  language: string
  text: string
}

/** A page of the documents: its text, and the blocks of code in it. */
export function readDocument(path: string): { text: string; fences: Fence[] } {
  const text = readFileSync(projectFile(path), 'utf8')
  const fences = [...text.matchAll(/^```(\S*)[^\n]*\n([\s\S]*?)^```/gm)].map(
    ([, language = '', code = '']) => ({
      language,
      text: code,
    }),
  )
  return { text, fences }
}

/** An example with the servers of a test in the place of those that do not exist. */
export function onServers(text: string, source: { url: string }, target: { url: string }): string {
  return text
    .replaceAll('https://git.example.com/team/project.git', source.url)
    .replaceAll('https://mirror.example.com/team/project.git', target.url)
}
