import stringWidth from 'string-width'
import { printable } from '../../runtime/printable.js'
import type { Style } from './style.js'

/** A cell and its style. Its text may come from a remote, so control characters are removed. */
export interface Cell {
  text: string
  look?: Style[keyof Omit<Style, 'isColorSupported'>]
}

const MAX_CELL = 500

/** Rows in columns as wide as their widest cell; the last column is not padded. */
export function* table(rows: readonly (readonly (Cell | string)[])[]): Generator<string> {
  const cells = rows.map((row) => row.map(clean))
  const widths: number[] = []
  for (const row of cells) {
    for (const [at, { text }] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, columnsOf(text))
  }
  for (const row of cells) {
    const last = row.length - 1
    const columns = row.map(({ text, look }, at) => {
      const missing = at === last ? 0 : (widths[at] ?? 0) - columnsOf(text)
      const padded = text + ' '.repeat(missing)
      return look ? look(padded) : padded
    })
    yield columns.join('  ').trimEnd()
  }
}

function clean(cell: Cell | string): Cell {
  const { text, look } = typeof cell === 'string' ? { text: cell, look: undefined } : cell
  return { text: printable(text, MAX_CELL), ...(look ? { look } : {}) }
}

/** The width of a text on a terminal. Most texts are ASCII, where it is the length. */
function columnsOf(text: string): number {
  return /^[ -~]*$/.test(text) ? text.length : stringWidth(text)
}
