import type { Operation } from '../../../schemas/event.js'
import type { PlanRequest, ProbeRequest, SyncRequest } from '../../../schemas/request.js'
import {
  validatePlanRequest,
  validateProbeRequest,
  validateReplicateRequest,
  validateSyncRequest,
} from './validate.js'

export interface Requests {
  probe: ProbeRequest
  plan: PlanRequest
  sync: SyncRequest
  replicate: SyncRequest
}

const validators: { [O in Operation]: (value: unknown) => Requests[O] } = {
  probe: validateProbeRequest,
  plan: validatePlanRequest,
  sync: validateSyncRequest,
  replicate: validateReplicateRequest,
}

/** Frozen requests, by the operation that they were found valid for. */
const valid = new WeakMap<object, Operation>()

/** Validates a request, unless it was validated before and cannot have changed since. @throws GitSyncError */
export function validateOnce<O extends Operation>(operation: O, value: unknown): Requests[O] {
  const isValid = typeof value === 'object' && value !== null && valid.get(value) === operation
  return isValid ? (value as Requests[O]) : validators[operation](value)
}

/**
 * Validates a request and freezes it, so that the check still holds when the request is run. A large one takes tens
 * of milliseconds to validate, and the service has to do it before a run waits for its turn.
 *
 * @param json parsed JSON: it has no accessors, so that what is frozen cannot change
 * @throws GitSyncError
 */
export function validateAndFreeze<O extends Operation>(operation: O, json: unknown): Requests[O] {
  const request = validateOnce(operation, json)
  freeze(request)
  valid.set(request, operation)
  return request
}

/** Freezes data through and through. */
function freeze(data: object): void {
  const pending = [data]
  for (let next = pending.pop(); next; next = pending.pop()) {
    Object.freeze(next)
    for (const value of Array.isArray(next) ? next : Object.values(next)) {
      if (typeof value === 'object' && value !== null) pending.push(value)
    }
  }
}
