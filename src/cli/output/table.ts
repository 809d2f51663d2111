import { printable } from '../../runtime/printable.js'
import type { Style } from './style.js'

/** A cell, and how it looks. What a remote says may be in it, so that control characters never pass. */
export interface Cell {
  text: string
  look?: Style[keyof Omit<Style, 'isColorSupported'>]
}

const MAX_CELL = 500

/** Rows in columns as wide as they need be; the last one ends where it ends. */
export function* table(rows: readonly (readonly (Cell | string)[])[]): Generator<string> {
  const cells = rows.map((row) => row.map(clean))
  const widths: number[] = []
  for (const row of cells) {
    for (const [at, { text }] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, text.length)
  }
  for (const row of cells) {
    const last = row.length - 1
    const columns = row.map(({ text, look }, at) => {
      const padded = at === last ? text : text.padEnd(widths[at] ?? 0)
      return look ? look(padded) : padded
    })
    yield columns.join('  ').trimEnd()
  }
}

function clean(cell: Cell | string): Cell {
  const { text, look } = typeof cell === 'string' ? { text: cell, look: undefined } : cell
  return { text: printable(text, MAX_CELL), ...(look ? { look } : {}) }
}
