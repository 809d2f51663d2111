import type Type from 'typebox'
import { Compile } from 'typebox/schema'
import type { FieldProblem } from '../../schemas/problem.js'
import { PlanRequest, ProbeRequest, SyncRequest } from '../../schemas/request.js'
import { FetchRequest } from '../../schemas/unstable.js'
import { GitSyncError } from '../errors.js'
import { authProblems } from './validate-auth.js'
import { repositoryProblems } from './validate-endpoints.js'
import { policyProblems } from './validate-policy.js'
import { prefixProblems, refNameProblems, scopeProblems } from './validate-scope.js'

type Validator = ReturnType<typeof Compile<Type.TSchema>>

const validators = {
  probe: Compile(ProbeRequest) as Validator,
  plan: Compile(PlanRequest) as Validator,
  sync: Compile(SyncRequest) as Validator,
  fetch: Compile(FetchRequest) as Validator,
}

/** @throws GitSyncError `invalid_request`, whose `errors` name each field */
export function validateProbeRequest(value: unknown): ProbeRequest {
  const request = checked<ProbeRequest>(validators.probe, value)
  refuse([
    ...repositoryProblems(request.source, request.target ?? undefined),
    ...prefixProblems('/excludeRefPrefixes', request.excludeRefPrefixes),
    ...authProblems(request.auth?.source, '/auth/source'),
    ...authProblems(request.auth?.target, '/auth/target'),
  ])
  return request
}

/** @throws GitSyncError `invalid_request`, whose `errors` name each field */
export function validatePlanRequest(value: unknown): PlanRequest {
  return withRules(checked<PlanRequest>(validators.plan, value))
}

/** @throws GitSyncError `invalid_request`, whose `errors` name each field */
export function validateSyncRequest(value: unknown): SyncRequest {
  return withRules(checked<SyncRequest>(validators.sync, value))
}

/** Its mode is `replicate`, whatever was sent. @throws GitSyncError `invalid_request`, whose `errors` name each field */
export function validateReplicateRequest(value: unknown): SyncRequest {
  return validateSyncRequest(isRecord(value) ? { ...value, policy: asReplicate(value.policy) } : value)
}

function asReplicate(policy: unknown): unknown {
  return policy === undefined || isRecord(policy) ? { ...policy, mode: 'replicate' } : policy
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @throws GitSyncError `invalid_request`, whose `errors` name each field */
export function validateFetchRequest(value: unknown): FetchRequest {
  const request = checked<FetchRequest>(validators.fetch, value)
  refuse([
    ...repositoryProblems(request.source, undefined),
    ...scopeProblems(request.scope ?? {}),
    ...refNameProblems('/haveRefs', request.haveRefs),
    ...authProblems(request.auth?.source, '/auth/source'),
  ])
  return request
}

function withRules(request: SyncRequest): SyncRequest {
  refuse([
    ...repositoryProblems(request.source, request.target),
    ...scopeProblems(request.scope ?? {}),
    ...policyProblems(request),
    ...authProblems(request.auth?.source, '/auth/source'),
    ...authProblems(request.auth?.target, '/auth/target'),
  ])
  return request
}

function checked<T>(validator: Validator, value: unknown): T {
  if (validator.Check(value)) return value as T
  const problems = new Map<string, FieldProblem>()
  const [, errors] = validator.Errors(value)
  for (const { keyword, instancePath, message, params } of errors) {
    // Of one field the first problem says it all.
    for (const problem of fieldProblems(keyword, instancePath, message, params as Record<string, unknown>)) {
      if (!problems.has(problem.path)) problems.set(problem.path, problem)
    }
  }
  // That a list is not null either adds nothing to what is wrong inside of it.
  const paths = [...problems.keys()]
  const isOuter = (path: string) => paths.some((other) => other.startsWith(`${path}/`))
  throw invalid(
    [...problems.values()].filter(({ path, message }) => message !== 'must be null' || !isOuter(path)),
  )
}

function fieldProblems(
  keyword: string,
  path: string,
  message: string,
  params: Record<string, unknown>,
): FieldProblem[] {
  if (keyword === 'boolean') return [{ path, message: 'is not a property of this request' }]
  if (keyword === 'additionalProperties') return []
  if (keyword === 'required') {
    const missing = params.requiredProperties as string[]
    return missing.map((name) => ({ path: `${path}/${name}`, message: 'is required' }))
  }
  if (keyword === 'enum') return [{ path, message: `must be one of ${JSON.stringify(params.allowedValues)}` }]
  if (keyword === 'type') return [{ path, message: `must be ${String(params.type)}` }]
  return [{ path, message }]
}

function refuse(problems: FieldProblem[]): void {
  if (problems.length > 0) throw invalid(problems)
}

function invalid(errors: FieldProblem[]): GitSyncError {
  const [first] = errors
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  const where = first?.path || 'the request'
  return new GitSyncError('invalid_request', `${where} ${first?.message ?? 'does not fit'}${more}.`, {
    errors,
  })
}
