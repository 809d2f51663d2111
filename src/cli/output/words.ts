import bytes from 'bytes-iec'

/** `3 refs`, `1 ref`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

/** `12.3 MiB`. */
export function size(count: number): string {
  return bytes.format(count, { mode: 'binary', unitSeparator: ' ', decimalPlaces: 1 }) ?? `${count} B`
}

/** The start of an object id; `-` where there is none. */
export function shortId(id: string): string {
  return id === '' ? '-' : id.slice(0, 8)
}
