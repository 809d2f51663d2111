import { PlanRequest, ProbeRequest, SyncRequest } from '../../../schemas/request.js'
import { FetchRequest } from '../../../schemas/unstable.js'
import { type FieldWording, GitSyncError } from '../../errors.js'
import { pointer, worded } from '../../wording.js'
import { isRecord, type Schema } from './schema-fit.js'
import { schemaProblems } from './schema-problems.js'
import { authProblems } from './validate-auth.js'
import { repositoryProblems } from './validate-endpoints.js'
import { policyProblems } from './validate-policy.js'
import { prefixProblems, refNameProblems, scopeProblems } from './validate-scope.js'

/** @throws GitSyncError `invalid_request`, whose `errors` name each field */
export function validateProbeRequest(value: unknown): ProbeRequest {
  const request = checked<ProbeRequest>(ProbeRequest, value)
  refuse(
    repositoryProblems(request.source, request.target ?? undefined),
    authProblems(request.auth),
    prefixProblems('/excludeRefPrefixes', request.excludeRefPrefixes),
  )
  return request
}

/** @throws GitSyncError `invalid_request`, whose `errors` name each field */
export function validatePlanRequest(value: unknown): PlanRequest {
  return withRules(checked<PlanRequest>(PlanRequest, value))
}

/** @throws GitSyncError `invalid_request`, whose `errors` name each field */
export function validateSyncRequest(value: unknown): SyncRequest {
  return withRules(checked<SyncRequest>(SyncRequest, value))
}

/** Its mode is `replicate`, whatever was sent. @throws GitSyncError `invalid_request`, whose `errors` name each field */
export function validateReplicateRequest(value: unknown): SyncRequest {
  return validateSyncRequest(isRecord(value) ? { ...value, policy: asReplicate(value.policy) } : value)
}

function asReplicate(policy: unknown): unknown {
  return policy === undefined || isRecord(policy) ? { ...policy, mode: 'replicate' } : policy
}

/** @throws GitSyncError `invalid_request`, whose `errors` name each field */
export function validateFetchRequest(value: unknown): FetchRequest {
  const request = checked<FetchRequest>(FetchRequest, value)
  refuse(
    repositoryProblems(request.source, undefined),
    authProblems(request.auth),
    scopeProblems(request.scope ?? {}),
    refNameProblems('/haveRefs', request.haveRefs),
  )
  return request
}

function withRules(request: SyncRequest): SyncRequest {
  refuse(
    repositoryProblems(request.source, request.target),
    authProblems(request.auth),
    scopeProblems(request.scope ?? {}),
    policyProblems(request),
  )
  return request
}

function checked<T>(of: object, value: unknown): T {
  const schema: Schema = of
  refuse(schemaProblems(schema, value))
  return value as T
}

/** Most problems that are reported to a caller; the first of them says what to mend in any case. */
const MAX_PROBLEMS = 100

/** Stops looking once it has as many problems as are reported. @throws GitSyncError `invalid_request` where there is one */
function refuse(...sources: Iterable<FieldWording>[]): void {
  const problems: FieldWording[] = []
  for (const source of sources) {
    for (const problem of source) {
      problems.push(problem)
      if (problems.length > MAX_PROBLEMS) throw invalid(problems)
    }
  }
  if (problems.length > 0) throw invalid(problems)
}

function invalid(problems: FieldWording[]): GitSyncError {
  const [first] = problems
  const others = problems.length - 1
  const more = others >= MAX_PROBLEMS ? ` (and at least ${MAX_PROBLEMS} more)` : ` (and ${others} more)`
  const where = first?.path ? pointer(first.path) : 'the request'
  const message = worded`${where} ${first?.message ?? 'does not fit'}${others > 0 ? more : ''}.`
  return new GitSyncError('invalid_request', message, { errors: problems.slice(0, MAX_PROBLEMS) })
}
