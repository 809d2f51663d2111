import bytes from 'bytes-iec'

/** `3 refs`, `1 ref`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

/** Bytes as people read them: `12.3 MiB`. */
export function byteSize(count: number): string {
  return bytes.format(count, { mode: 'binary', unitSeparator: ' ', decimalPlaces: 1 }) ?? `${count} B`
}
