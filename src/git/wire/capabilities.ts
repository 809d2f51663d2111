import { legible } from '../../runtime/printable.js'
import { ProtocolError } from '../packets/protocol-error.js'
import type { ObjectFormat } from '../refs/object-id.js'

// gitprotocol-capabilities (v0 and v1: one list, space-separated) and gitprotocol-v2 (one a line).

/** The offers of a remote: names, some with values; a name may come more than once (`symref`). */
export class Capabilities {
  readonly #values = new Map<string, string[]>()
  /** As advertised, in order. */
  readonly list: readonly string[]

  constructor(entries: Iterable<string>) {
    this.list = [...entries].filter((entry) => entry !== '')
    for (const entry of this.list) {
      const equals = entry.indexOf('=')
      const name = equals < 0 ? entry : entry.slice(0, equals)
      const values = this.#values.get(name) ?? []
      values.push(equals < 0 ? '' : entry.slice(equals + 1))
      this.#values.set(name, values)
    }
  }

  /** Parses the list behind the NUL of a v0/v1 advertisement; it may begin with a space. */
  static parse(text: string): Capabilities {
    return new Capabilities(text.trim().split(' '))
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  get(name: string): string | undefined {
    return this.#values.get(name)?.[0]
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }

  /** @throws ProtocolError for a format that is not known here */
  get objectFormat(): ObjectFormat {
    const format = this.get('object-format') ?? 'sha1'
    if (format !== 'sha1' && format !== 'sha256')
      throw new ProtocolError(`unknown object format ${legible(format)}`)
    return format
  }

  /** Whether a v2 command's feature is offered, such as `shallow` in `fetch=shallow wait-for-done`. */
  hasFeature(command: string, feature: string): boolean {
    return this.get(command)?.split(' ').includes(feature) ?? false
  }
}
