import { styleText } from 'node:util'

/** A heading; bold where there is someone to see it. */
export function title(text: string): void {
  const plain = !process.stdout.isTTY || process.env.NO_COLOR
  say(`\n${plain ? `== ${text}` : styleText('bold', `== ${text}`)}`)
}

/** Writes a line. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Rows with their columns aligned; the last one may be as long as it likes. */
export function table(rows: string[][]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length)
    }
  }
  const line = (row: string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return rows.map((row) => `  ${line(row).trimEnd()}`).join('\n')
}

/** The start of an id, and as wide a blank where there is none. */
export function shortHash(hash: string): string {
  return hash ? hash.slice(0, 7) : '-      '
}

/** Bytes as people say them. */
export function humanBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KiB`
  if (bytes < 1024 ** 3) return `${(bytes / 1024 ** 2).toFixed(1)} MiB`
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`
}
