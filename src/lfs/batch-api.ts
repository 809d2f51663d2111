import Type from '../../schemas/type.js'
import { ProtocolError } from '../git/packets/protocol-error.js'
import type { Pointer } from './pointer.js'

// git-lfs, docs/api/batch.md.

export const MEDIA_TYPE = 'application/vnd.git-lfs+json'

export type Operation = 'download' | 'upload'

/** Go servers marshal what is not set as null. */
const Nullable = <T extends Type.TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]))

const Link = Type.Object({
  href: Type.String(),
  header: Nullable(Type.Record(Type.String(), Type.String())),
  expires_in: Nullable(Type.Number()),
  expires_at: Nullable(Type.String()),
})
export type Link = Type.Static<typeof Link>

const Links = Nullable(Type.Record(Type.String(), Nullable(Link)))

const BatchResponse = Type.Object({
  transfer: Nullable(Type.String()),
  hash_algo: Nullable(Type.String()),
  objects: Type.Array(
    Type.Object({
      oid: Type.String(),
      authenticated: Nullable(Type.Boolean()),
      actions: Links,
      // What `actions` was called before version 1.
      _links: Links,
      error: Nullable(Type.Object({ code: Nullable(Type.Number()), message: Nullable(Type.String()) })),
    }),
  ),
})
type BatchResponse = Type.Static<typeof BatchResponse>

let validator: { Check(value: unknown): boolean } | undefined

/** TypeBox takes long to load, and most runs move no LFS objects. */
async function isBatchResponse(value: unknown): Promise<boolean> {
  const { Compile } = await import('typebox/schema')
  validator ??= Compile(BatchResponse)
  return validator.Check(value)
}

/** What a server says of one object. */
export type ObjectResponse =
  /** An upload: it has the object. */
  | { type: 'present' }
  | { type: 'transfer'; link: Link; verify: Link | undefined; authenticated: boolean }
  /** `status` is as of HTTP. */
  | { type: 'refused'; status: number; text: string }

/** `ref` is the target's, by which some servers decide who may upload. */
export function writeBatch(operation: Operation, objects: readonly Pointer[], ref?: string): Buffer {
  const request = {
    operation,
    transfers: ['basic'],
    ...(ref === undefined ? {} : { ref: { name: ref } }),
    objects,
    hash_algo: 'sha256',
  }
  return Buffer.from(JSON.stringify(request))
}

/** The responses by object id, those to the objects that were asked for. @throws ProtocolError */
export async function parseBatch(
  operation: Operation,
  asked: readonly Pointer[],
  value: unknown,
): Promise<Map<string, ObjectResponse>> {
  if (!(await isBatchResponse(value))) throw new ProtocolError('its batch response does not fit the LFS API')
  const { transfer, hash_algo: hash, objects } = value as BatchResponse
  if (transfer && transfer !== 'basic')
    throw new ProtocolError(`it chose the transfer "${transfer}", while basic was offered`)
  if (hash && hash !== 'sha256') throw new ProtocolError(`it names objects by "${hash}", not sha256`)
  const wanted = new Set(asked.map(({ oid }) => oid))
  const responses = new Map<string, ObjectResponse>()
  for (const object of objects)
    if (wanted.has(object.oid)) responses.set(object.oid, responseOf(operation, object))
  return responses
}

function responseOf(operation: Operation, object: BatchResponse['objects'][number]): ObjectResponse {
  const { error, actions, _links, authenticated } = object
  if (error) return { type: 'refused', status: error.code ?? 0, text: error.message ?? '' }
  const links = actions?.[operation] ? actions : { ..._links, ...actions }
  const link = links[operation]
  const verify = links.verify ?? undefined
  if (link) return { type: 'transfer', link, verify, authenticated: authenticated === true }
  if (operation === 'upload') return { type: 'present' }
  return { type: 'refused', status: 404, text: 'no download action' }
}
