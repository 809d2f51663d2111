import t from 'tap'
import { type ProblemCode, problemCodes, problems } from '../../../schemas/problem.js'
import { GitSyncError } from '../../../src/errors.js'
import { toProblem } from '../../../src/problem.js'
import { asGitSyncError } from '../../../src/service/response/problem.js'
import { plannedEvent } from '../../../testing/cases/sample-events.js'
import { bodyOf } from '../../../testing/cases/sync-body.js'
import {
  captureLog,
  DOCUMENT,
  eventsOf,
  fakeClient,
  problemOf,
  STREAM,
  serveApp,
} from '../../../testing/processes/served-app.js'

/** The table of api.md. The library alone has `cancelled`, as nobody is left to read its status, and `callback_failed`. */
const table: Record<ProblemCode, [status: number, retryable: boolean]> = {
  invalid_request: [400, false],
  unauthorized: [401, false],
  egress_denied: [403, false],
  not_found: [404, false],
  method_not_allowed: [405, false],
  not_acceptable: [406, false],
  payload_too_large: [413, false],
  unsupported_media_type: [415, false],
  rate_limited: [429, true],
  blocked_refs: [409, false],
  plan_refused: [409, false],
  plan_changed: [409, false],
  target_ref_moved: [409, true],
  ref_rejected: [409, false],
  no_matching_refs: [422, false],
  unsupported: [422, false],
  redirect_refused: [422, false],
  pack_limit_exceeded: [422, false],
  lfs_object_missing: [422, false],
  lfs_unsupported: [422, false],
  lfs_limit_exceeded: [422, false],
  source_unauthorized: [502, false],
  target_unauthorized: [502, false],
  source_not_found: [502, false],
  target_not_found: [502, false],
  source_unavailable: [502, true],
  target_unavailable: [502, true],
  source_unreachable: [502, true],
  target_unreachable: [502, true],
  source_protocol_error: [502, false],
  target_protocol_error: [502, false],
  source_timeout: [504, true],
  target_timeout: [504, true],
  deadline_exceeded: [504, true],
  overloaded: [503, true],
  shutting_down: [503, true],
  cancelled: [499, false],
  callback_failed: [499, false],
  internal: [500, false],
}

t.test('the program knows the codes of the contract and no others', async (t) => {
  t.strictSame(problemCodes.toSorted(), Object.keys(table).sort())
})

for (const [code, [status, retryable]] of Object.entries(table) as [ProblemCode, [number, boolean]][]) {
  // What the service's own callbacks throw is a bug of the service.
  if (code === 'callback_failed') continue
  t.test(`${code} is ${status}${retryable ? ', retryable' : ''}`, async (t) => {
    const client = fakeClient(() => Promise.reject(new GitSyncError(code, 'what went wrong')))
    const { post } = await serveApp(t, { client })
    for (const accept of [DOCUMENT, STREAM]) {
      const response = await post('/sync', bodyOf(), accept)
      t.equal(response.status, status)
      const { requestId, ...problem } = await problemOf(response)
      t.match(requestId, /^[0-9a-f-]{36}$/)
      t.strictSame(problem, {
        type: `urn:git-sync:problem:${code}`,
        title: problems[code].title,
        status,
        detail:
          code === 'internal'
            ? 'Internal error in git-sync (this is a bug); its log has the details.'
            : 'what went wrong',
        code,
        retryable,
      })
    }
  })
}

t.test('what an error knows is in its problem', async (t) => {
  const details = {
    retryable: false,
    retryAfter: 12,
    refs: [{ ref: 'refs/heads/main', reason: 'hook' }],
    errors: [{ path: '/source', message: 'is required' }],
  }
  const problem = toProblem(new GitSyncError('source_unreachable', 'no such host', details), 'the-id')
  t.match(problem, { ...details, requestId: 'the-id', status: 502, detail: 'no such host' })
  const bare = toProblem(new GitSyncError('source_unreachable', 'gone'), 'the-id')
  for (const field of ['retryAfter', 'refs', 'errors', 'result']) t.notOk(field in bare, `no ${field}`)
})

t.test('a caller that disconnects while its response begins is not an internal error', async (t) => {
  const error = Object.assign(new Error('Premature close'), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
  t.match(toProblem(asGitSyncError(error), 'the-id'), {
    code: 'cancelled',
    detail: 'The caller disconnected.',
  })
})

t.test('a wait that is known is a header too, in whole seconds', async (t) => {
  const raise = (code: ProblemCode, retryAfter?: number) => async () => {
    const details = retryAfter === undefined ? {} : { retryAfter }
    const client = fakeClient(() => Promise.reject(new GitSyncError(code, 'later', details)))
    const { post } = await serveApp(t, { client })
    const response = await post('/sync', bodyOf())
    return [response.headers.get('retry-after'), (await problemOf(response)).retryAfter]
  }
  t.strictSame(await raise('rate_limited', 1.2)(), ['2', 1.2])
  t.strictSame(await raise('overloaded', 30)(), ['30', 30])
  t.strictSame(await raise('source_unavailable', 120)(), ['120', 120], "a remote's Retry-After is passed on")
  t.strictSame(await raise('target_unavailable')(), [null, undefined])
  t.strictSame(await raise('invalid_request')(), [null, undefined])
  for (const code of ['rate_limited', 'overloaded', 'shutting_down'] as const) {
    t.match((await raise(code)())[0], /^[1-9]\d*$/, `${code} always has one`)
  }
})

const unknownErrors: Record<string, unknown> = {
  'an error of no known kind': new TypeError('SECRET words'),
  'an error that poses as an HTTP error': Object.assign(new Error('SECRET words'), { statusCode: 404 }),
  'an error that poses as one of ours': { code: 'blocked_refs', message: 'SECRET words', statusCode: 409 },
  'a text': 'SECRET words',
  nothing: undefined,
  'our own code for a bug': new GitSyncError('internal', 'SECRET words'),
  'what a callback of the service threw': new GitSyncError('callback_failed', 'SECRET words'),
}
for (const [kind, error] of Object.entries(unknownErrors)) {
  t.test(`${kind} keeps its words and its stack to the log`, async (t) => {
    for (const begins of [false, true]) {
      const client = fakeClient(async ({ onEvent }) => {
        if (begins) onEvent(plannedEvent)
        if (begins) onEvent({ type: 'notice', text: 'the run goes on' })
        throw error
      })
      const { lines, logger } = captureLog()
      const { post } = await serveApp(t, { client, logger })
      for (const accept of begins ? [STREAM] : [DOCUMENT, STREAM]) {
        lines.length = 0
        const response = await post('/sync', bodyOf(), accept)
        t.equal(response.status, begins ? 200 : 500)
        const last = begins ? (await eventsOf(response)).at(-1) : { error: await problemOf(response) }
        t.match(last, { error: { code: 'internal', status: 500, retryable: false } })
        t.notMatch(JSON.stringify(last), /SECRET|\.[jt]s:|node_modules/)
        const logged = lines.filter((line) => line.includes('internal error'))
        t.equal(logged.length, 1)
        if (error !== undefined) t.match(logged[0], 'SECRET words')
      }
    }
  })
}
