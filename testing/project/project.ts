import { fileURLToPath } from 'node:url'

// Tests run as they were compiled, from dist/test.
const root = new URL('../../../', import.meta.url)

/** The path of a file of the project, such as `README.md`. */
export function projectFile(path: string): string {
  return fileURLToPath(new URL(path, root))
}
