import { GitSyncError } from '../errors.js'
import type { Interest } from '../git/pack/history.js'
import { ProtocolError, RefusedWantError } from '../git/packets/protocol-error.js'
import type { ObjectsOptions, UploadPack } from '../git/upload-pack.js'
import { ObjectList } from './object-list.js'
import { POINTER_LIMIT, type Pointer, parsePointer, SHORTEST_POINTER } from './pointer.js'

/** What a scan looks through: the objects that a relay would move. */
export interface ScanRequest {
  wants: readonly string[]
  haves: readonly string[]
  shallow?: readonly string[]
}

/** Larger objects are no bases of pointers: a delta that makes a pointer of them would be larger than the pointer. */
const LARGEST_BASE = 64 * 1024
const SMALL_BLOBS = `blob:limit=${POINTER_LIMIT}`

/**
 * Finds the objects that pointers name, among blobs that `wants` reach and `haves` do not. The source leaves out what cannot be a pointer, where it
 * knows how to; else the whole pack is read, its large objects in zlib's threads. It is never a thin one, so that every base is in it.
 *
 * @throws as `UploadPack.objects` does
 */
export async function scanPointers(
  source: UploadPack,
  request: ScanRequest,
  options: Pick<ObjectsOptions, 'onLost' | 'counting'>,
): Promise<ObjectList> {
  for (const filter of filtersFor(source)) {
    try {
      return await scan(source, { ...request, ...filter }, options)
    } catch (error) {
      if (!isRefusedFilter(error) || !('filter' in filter)) throw error
    }
  }
  throw new Error('the last scan has no filter')
}

/** From the one that leaves out most to none. A source may forbid some (`uploadpackfilter.*`), which no capability says. */
function filtersFor(source: UploadPack): ({ filter: string } | Record<never, never>)[] {
  const filters = [
    ...(source.canFilterByType ? [`combine:object:type=blob+${SMALL_BLOBS}`] : []),
    ...(source.canFilter ? [SMALL_BLOBS] : []),
  ]
  return [...filters.map((filter) => ({ filter })), {}]
}

async function scan(
  source: UploadPack,
  request: ScanRequest & { filter?: string },
  options: Pick<ObjectsOptions, 'onLost' | 'counting'>,
): Promise<ObjectList> {
  const list = new ObjectList()
  for await (const pointers of source.objects(request, POINTERS, { ...options, step: 'lfs-scan' })) {
    for (const pointer of pointers) list.add(pointer)
  }
  return list
}

/** Blobs, small ones alone: of a delta that has lost its base, only one that may make a pointer. */
const POINTERS: Interest<Pointer> = {
  concerns: (type, size) => (type === undefined || type === 'blob') && size <= LARGEST_BASE,
  isWorthFetching: (size) => size >= SHORTEST_POINTER && size < POINTER_LIMIT,
  tell: async ({ type, data }) => (type === 'blob' ? parsePointer(data) : undefined),
}

/** A source says so in an `ERR` line, or, behind git's http-backend, by an empty response. */
function isRefusedFilter(error: unknown): boolean {
  if (!(error instanceof GitSyncError) || error.code !== 'source_protocol_error') return false
  return error.cause instanceof ProtocolError && !(error.cause instanceof RefusedWantError)
}
