import { StringEnum } from './atoms.js'
import { SyncResult } from './result.js'
import Type from './type.js'

/**
 * Every error that git-sync can raise: its HTTP status, whether the same request may succeed later, and the title of
 * its problem document (RFC 9457).
 */
export const problems = {
  invalid_request: { status: 400, retryable: false, title: 'The request does not fit the schema' },
  unauthorized: { status: 401, retryable: false, title: 'A valid token of this service is required' },
  egress_denied: { status: 403, retryable: false, title: 'The egress policy forbids that host' },
  not_found: { status: 404, retryable: false, title: 'No such route' },
  method_not_allowed: { status: 405, retryable: false, title: 'The route does not accept this method' },
  not_acceptable: { status: 406, retryable: false, title: 'No acceptable media type' },
  payload_too_large: { status: 413, retryable: false, title: 'The request body is too large' },
  unsupported_media_type: {
    status: 415,
    retryable: false,
    title: 'The request body must be application/json',
  },
  rate_limited: { status: 429, retryable: true, title: 'Too many requests' },
  blocked_refs: { status: 409, retryable: false, title: 'The sync would have to overwrite refs' },
  plan_refused: { status: 409, retryable: false, title: 'The plan exceeds a guard' },
  plan_changed: { status: 409, retryable: false, title: 'The plan is not the expected one' },
  target_ref_moved: { status: 409, retryable: true, title: 'Another writer moved a target ref' },
  ref_rejected: { status: 409, retryable: false, title: 'The target refused a ref' },
  no_matching_refs: { status: 422, retryable: false, title: 'The scope matches nothing on the source' },
  unsupported: { status: 422, retryable: false, title: 'A remote lacks a required capability' },
  redirect_refused: { status: 422, retryable: false, title: 'A redirect of a remote is not allowed' },
  pack_limit_exceeded: { status: 422, retryable: false, title: 'A pack is over a limit' },
  lfs_object_missing: { status: 422, retryable: false, title: 'The source lacks an LFS object' },
  lfs_unsupported: { status: 422, retryable: false, title: 'A remote has no LFS server' },
  lfs_limit_exceeded: { status: 422, retryable: false, title: 'LFS objects are over a limit' },
  source_unauthorized: { status: 502, retryable: false, title: 'The source refused the credentials' },
  target_unauthorized: { status: 502, retryable: false, title: 'The target refused the credentials' },
  source_not_found: { status: 502, retryable: false, title: 'The source has no such repository' },
  target_not_found: { status: 502, retryable: false, title: 'The target has no such repository' },
  source_unavailable: { status: 502, retryable: true, title: 'The source is temporarily unavailable' },
  target_unavailable: { status: 502, retryable: true, title: 'The target is temporarily unavailable' },
  source_unreachable: { status: 502, retryable: true, title: 'The source cannot be reached' },
  target_unreachable: { status: 502, retryable: true, title: 'The target cannot be reached' },
  source_protocol_error: { status: 502, retryable: false, title: 'The source broke the git protocol' },
  target_protocol_error: { status: 502, retryable: false, title: 'The target broke the git protocol' },
  source_timeout: { status: 504, retryable: true, title: 'The source was silent for too long' },
  target_timeout: { status: 504, retryable: true, title: 'The target was silent for too long' },
  deadline_exceeded: { status: 504, retryable: true, title: 'The run took longer than allowed' },
  overloaded: { status: 503, retryable: true, title: 'The service is full' },
  shutting_down: { status: 503, retryable: true, title: 'The service is shutting down' },
  cancelled: { status: 499, retryable: false, title: 'The caller cancelled the run' },
  callback_failed: { status: 499, retryable: false, title: "The caller's own code threw" },
  internal: { status: 500, retryable: false, title: 'A bug in git-sync' },
} as const satisfies Record<string, { status: number; retryable: boolean; title: string }>

/** Those of a library's caller alone: no response has them. */
export const libraryCodes: ReadonlySet<string> = new Set<ProblemCode>(['cancelled', 'callback_failed'])

export type ProblemCode = keyof typeof problems
export const problemCodes = Object.keys(problems) as ProblemCode[]
const ProblemCode = StringEnum(problemCodes, {
  title: 'ProblemCode',
  description: 'The stable code for programs.',
})

export const RefProblem = Type.Object(
  { ref: Type.String(), reason: Type.String() },
  { title: 'RefProblem', description: 'A target ref, and the reason why it stopped the run.' },
)
export type RefProblem = Type.Static<typeof RefProblem>

export const FieldProblem = Type.Object(
  { path: Type.String({ description: 'JSON pointer into the request.' }), message: Type.String() },
  { title: 'FieldProblem' },
)
export type FieldProblem = Type.Static<typeof FieldProblem>

export const Problem = Type.Object(
  {
    type: Type.String({ description: '`urn:git-sync:problem:` and the code.' }),
    title: Type.String({ description: 'What the code means.' }),
    status: Type.Integer({ description: 'The HTTP status, even if a stream had already begun with 200.' }),
    detail: Type.String({ description: 'What went wrong and what to do about it.' }),
    code: ProblemCode,
    retryable: Type.Boolean({ description: 'The same request may succeed later.' }),
    requestId: Type.String({ description: 'The same id as in the `started` event and in the log.' }),
    retryAfter: Type.Optional(Type.Number({ description: 'Seconds to wait, if known.' })),
    refs: Type.Optional(Type.Array(RefProblem, { description: 'The refs that stopped the run.' })),
    errors: Type.Optional(
      Type.Array(FieldProblem, { description: 'What is wrong with the request; the first 100.' }),
    ),
    result: Type.Optional(SyncResult),
  },
  {
    title: 'Problem',
    description:
      'RFC 9457 problem details. `result` is present once the plan is complete: before a push it is the plan, later ' +
      'it says what the target has confirmed.',
  },
)
export type Problem = Type.Static<typeof Problem>
