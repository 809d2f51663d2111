import {
  GitSyncError,
  type RefScope,
  type SyncRequest,
  validatePlanRequest,
  validateSyncRequest,
} from '../../src/index.js'

export const source = { url: 'https://source.example.com/r.git' }
export const target = { url: 'https://target.example.com/r.git' }

/** A sync request that is valid, with these parts put in. */
export function syncRequest(parts: Partial<SyncRequest> = {}): SyncRequest {
  return { source, target, ...parts }
}

/** The fields that a validator refuses, sorted; none where it takes the request. */
export function refusedPaths(validate: (request: unknown) => unknown, request: unknown): string[] {
  try {
    validate(request)
    return []
  } catch (error) {
    if (!(error instanceof GitSyncError) || error.code !== 'invalid_request') throw error
    if (!error.errors?.every(({ message }) => message !== '')) throw new Error('an error says nothing')
    return error.errors.map(({ path }) => path).sort()
  }
}

/** The fields that a sync refuses for its scope, and a plan in the same way. */
export function refused(scope: RefScope): string[] | undefined {
  const request = syncRequest({ scope })
  const [sync, plan] = [validateSyncRequest, validatePlanRequest].map((validate) =>
    refusedPaths(validate, request),
  )
  return JSON.stringify(sync) === JSON.stringify(plan) ? sync : ['sync and plan differ']
}

export function refusedMapping(from: string, to: string, allRefs = false): string[] | undefined {
  return refused({ mappings: [{ source: from, target: to }], allRefs })
}
