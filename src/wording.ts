import type { EndpointRole } from '../schemas/event.js'
import type {
  Endpoint,
  EndpointAuth,
  ProbeOptions,
  RefScope,
  SyncPolicy,
  TransferOptions,
} from '../schemas/request.js'

/** A setting, by its path in a request or its name in `ClientOptions`; `replicate` is the operation. */
export type Setting =
  | `scope.${keyof RefScope}`
  | `policy.${keyof SyncPolicy}`
  | `options.${keyof TransferOptions | keyof ProbeOptions}`
  | `auth.${EndpointRole}`
  | `auth.${EndpointRole}.${keyof EndpointAuth}`
  | `${EndpointRole}.${keyof Endpoint}`
  | 'collectStats'
  | 'haves'
  | 'haveRefs'
  | 'stallTimeout'
  | 'spoolDir'
  | 'tempRefPrefix'
  | 'replicate'

/** How a surface of the product calls settings, and the parts of a request that a JSON pointer leads to. */
export interface Names {
  setting: (setting: Setting) => string
  pointer: (pointer: string) => string
}

/** Settings as the library calls them, which is what a JSON document calls those of a request. */
export const optionNames: Names = { setting: (name) => name, pointer: (to) => to }

type Part = string | { readonly setting: Setting } | { readonly pointer: string }

/** A setting in a text. */
export function setting(name: Setting): Part {
  return { setting: name }
}

/** A part of the request in a text. */
export function pointer(to: string): Part {
  return { pointer: to }
}

/** A text that names settings, which each surface words in its own way. Without settings, a string does. */
export class Wording {
  readonly #parts: readonly Part[]

  constructor(parts: readonly Part[]) {
    this.#parts = joined(parts)
  }

  /** The text as a surface words it. */
  in(names: Names): string {
    const words = this.#parts.map((part) => {
      if (typeof part === 'string') return part
      return 'setting' in part ? names.setting(part.setting) : names.pointer(part.pointer)
    })
    return withOneStop(words.join(''))
  }

  /** Replaces what is not the name of a setting. */
  map(change: (text: string) => string): Wording {
    return new Wording(this.#parts.map((part) => (typeof part === 'string' ? change(part) : part)))
  }

  /** The parts, to be part of another text. */
  get parts(): readonly Part[] {
    return this.#parts
  }
}

/** Makes a text of a template whose values are texts, and settings by `setting` or `pointer`. */
export function worded(
  strings: TemplateStringsArray,
  ...values: readonly (Part | Wording | number)[]
): Wording {
  const parts = strings.flatMap((text, at): Part[] => {
    const value = values[at]
    if (value === undefined) return [text]
    if (value instanceof Wording) return [text, ...value.parts]
    return [text, typeof value === 'number' ? String(value) : value]
  })
  return new Wording(parts)
}

/** Text between two settings is one part, so that a match of `map` is never split in two. */
function joined(parts: readonly Part[]): Part[] {
  const all: Part[] = []
  for (const part of parts) {
    const last = all.at(-1)
    if (typeof part === 'string' && typeof last === 'string') all[all.length - 1] = last + part
    else all.push(part)
  }
  return all
}

/** Text of a remote may end with a full stop of its own. */
function withOneStop(text: string): string {
  return /[.!?…]\.$/.test(text) ? text.slice(0, -1) : text
}
