import bytes from 'bytes-iec'
import { InvalidArgumentError } from 'commander'
import type { RefMapping } from '../../../schemas/request.js'

/** A value of a flag that may be given more than once. */
export function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value]
}

/** `a,b`, and more where the flag is repeated. */
export function list(value: string, earlier: string[] = []): string[] {
  const names = value.split(',').filter((name) => name !== '')
  // An empty list would mean all branches: an unset variable must not widen a run.
  if (names.length === 0) throw new InvalidArgumentError('It must name something, such as main.')
  return [...earlier, ...names]
}

/** A value that must not be empty: an empty one would disable a guard. */
export function parseText(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('It must not be empty.')
  return value
}

/** `src:dst`. No ref name holds a colon. */
export function parseMapping(value: string, earlier: RefMapping[] = []): RefMapping[] {
  const [source = '', target = '', ...rest] = value.split(':')
  if (source === '' || target === '' || rest.length > 0) {
    throw new InvalidArgumentError('It must be src:dst, such as main:upstream/main.')
  }
  return [...earlier, { source, target }]
}

export function parseCount(value: string): number {
  const count = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(count)) throw new InvalidArgumentError('It must be a whole number, such as 10.')
  return count
}

/** Bytes, or a size with its unit. */
export function parseSize(value: string): number {
  const size = /^\d/.test(value) ? bytes.parse(value) : null
  if (size === null || !Number.isSafeInteger(Math.floor(size))) {
    throw new InvalidArgumentError('It must be a size, such as 50MiB, 2GB or 1048576.')
  }
  return Math.floor(size)
}
