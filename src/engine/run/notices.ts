import { printable } from '../../runtime/printable.js'
import { Sample } from '../../runtime/sample.js'

const MAX_ALIKE = 20

export const NO_REF_NAME = 'left out: the source lists %s, no valid ref name'

/** Notices about names that a remote or a caller gave: a few of each kind, and how many more there were. */
export class BoundedNotices {
  readonly #byKind = new Map<string, Sample>()

  /** @param kind a text in which `%s` stands for the name */
  add(kind: string, name: string): void {
    const names = this.#byKind.get(kind) ?? new Sample(MAX_ALIKE)
    this.#byKind.set(kind, names)
    names.add(name)
  }

  texts(): string[] {
    return [...this.#byKind].flatMap(([kind, { first, others }]) => {
      const texts = first.map((name) => kind.replace('%s', () => printable(name)))
      return others > 0 ? [...texts, kind.replace('%s', () => `${others} more such names`)] : texts
    })
  }
}

/** A few notices, however many names a source lists that no ref can have. */
export function leftOut(names: Sample): string[] {
  const notices = names.first.map((name) => NO_REF_NAME.replace('%s', () => printable(JSON.stringify(name))))
  if (names.others > 0) notices.push(`left out: ${names.others} more names that are no valid ref names`)
  return notices
}
