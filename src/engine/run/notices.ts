import { printable } from '../../runtime/printable.js'
import type { Sample } from '../../runtime/sample.js'

const MAX_ALIKE = 20

export const NO_REF_NAME = 'left out: the source lists %s, no valid ref name'

/** Notices about names that a remote or a caller gave: a few of each kind, and how many more there were. */
export class BoundedNotices {
  readonly #counts = new Map<string, number>()
  readonly #texts: string[] = []

  /** @param kind a text in which `%s` stands for the name */
  add(kind: string, name: string): void {
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    if (count <= MAX_ALIKE) this.#texts.push(kind.replace('%s', () => printable(name)))
  }

  texts(): string[] {
    const more = [...this.#counts].filter(([, count]) => count > MAX_ALIKE)
    return [
      ...this.#texts,
      ...more.map(([kind, count]) => kind.replace('%s', () => `${count - MAX_ALIKE} more such names`)),
    ]
  }
}

/** A few notices, however many names a source lists that no ref can have. */
export function leftOut(names: Sample): string[] {
  const notices = names.first.map((name) => NO_REF_NAME.replace('%s', () => printable(JSON.stringify(name))))
  if (names.others > 0) notices.push(`left out: ${names.others} more names that are no valid ref names`)
  return notices
}
