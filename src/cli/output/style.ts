import type { WriteStream } from 'node:tty'
import colors from 'picocolors'

export type Style = ReturnType<typeof colors.createColors>

/** Colours for a terminal that shows them; NO_COLOR and the like are Node's own business. */
export function styleOf(stream: Partial<WriteStream>): Style {
  return colors.createColors(stream.isTTY === true && stream.hasColors?.() === true)
}
