import { legible } from '../../runtime/printable.js'
import { Sample } from '../../runtime/sample.js'
import { ExcessError, ProtocolError } from '../packets/protocol-error.js'
import { isObjectId, type ObjectFormat, zeroId } from '../refs/object-id.js'
import { RefMap } from '../refs/ref-map.js'
import { isWellFormedRefName } from '../refs/ref-name.js'
import { MAX_HAVES, MAX_SHALLOW } from './request-bounds.js'

const MAX_INVALID = 10

/** The refs of a remote. Whatever git itself could not list is refused, as all that follows relies on them. */
export class RefListing {
  /** Ref names to object ids, without peeled entries and without HEAD. */
  readonly refs = new RefMap<string>()
  /** Names that are not valid in git. They are never written, so only a sample is kept. */
  readonly invalidNames = new Sample(MAX_INVALID)
  /** The branch that HEAD names, if known. */
  head: string | undefined
  /** `.have` lines: objects that the repository has without a ref of its own, as a fork does. */
  readonly extraHaves: string[] = []
  /** Commits whose parents a shallow repository lacks. */
  readonly shallow: string[] = []
  readonly #format: ObjectFormat | undefined

  /** Without a format, ids of either are accepted. */
  constructor(format?: ObjectFormat) {
    this.#format = format
  }

  addRef(name: string, id: string): void {
    this.checkId(name, id)
    if (!isWellFormedRefName(name)) {
      this.invalidNames.add(name)
      return
    }
    const known = this.refs.add(name, id)
    if (known !== id) throw new ProtocolError(`it lists ${legible(name)} twice, at ${known} and at ${id}`)
  }

  addExtraHave(id: string): void {
    this.checkId('.have', id)
    // A fetch offers no more than these.
    if (this.extraHaves.length < MAX_HAVES) this.extraHaves.push(id)
  }

  addShallow(id: string): void {
    this.checkId('shallow', id)
    if (this.shallow.length === MAX_SHALLOW)
      throw new ExcessError(`it lists more than ${MAX_SHALLOW} shallow commits`)
    this.shallow.push(id)
  }

  setHead(target: string | undefined): void {
    if (target !== undefined && isWellFormedRefName(target)) this.head = target
  }

  /** @throws ProtocolError where `id` can be no object of this repository */
  checkId(name: string, id: string): void {
    if (isObjectId(id, this.#format)) return
    if (id === zeroId('sha1') || id === zeroId('sha256'))
      throw new ProtocolError(`it lists ${legible(name)} at the null id, which names no object`)
    throw new ProtocolError(`expected a ref, got "${legible(`${id} ${name}`)}"`)
  }
}
