import { test } from 'tap'
import { Check } from 'typebox/value'
import { libraryCodes, Problem, type ProblemCode, problemCodes, problems } from '../../schemas/problem.js'
import { problem, syncResult } from '../../testing/cases/sample-responses.js'

const sides = (word: string) => [`source_${word}`, `target_${word}`]

/** The contract's table: codes by status. */
const STATUSES: [number, string[]][] = [
  [400, ['invalid_request']],
  [401, ['unauthorized']],
  [403, ['egress_denied']],
  [404, ['not_found']],
  [405, ['method_not_allowed']],
  [406, ['not_acceptable']],
  [413, ['payload_too_large']],
  [415, ['unsupported_media_type']],
  [429, ['rate_limited']],
  [409, ['blocked_refs', 'plan_refused', 'plan_changed', 'target_ref_moved', 'ref_rejected']],
  [422, ['no_matching_refs', 'unsupported', 'redirect_refused', 'pack_limit_exceeded']],
  [422, ['lfs_object_missing', 'lfs_unsupported', 'lfs_limit_exceeded']],
  [502, ['unauthorized', 'not_found', 'unavailable', 'unreachable', 'protocol_error'].flatMap(sides)],
  [504, [...sides('timeout'), 'deadline_exceeded']],
  [503, ['overloaded', 'shutting_down']],
  [500, ['internal']],
]
const RETRYABLE = [
  'rate_limited',
  'target_ref_moved',
  ...sides('unavailable'),
  ...sides('unreachable'),
  ...sides('timeout'),
  'deadline_exceeded',
  'overloaded',
  'shutting_down',
]

test('every code has the status of the contract, and there are no others', async (t) => {
  const expected = STATUSES.flatMap(([status, codes]) => codes.map((code) => [code, status]))
  const found = Object.entries(problems).map(([code, { status }]) => [code, status])
  // For the library only; no response has it.
  const onTheWire = found.filter(([code]) => code !== 'cancelled' && code !== 'callback_failed')
  t.same(onTheWire.sort(), expected.sort())
  t.strictSame([...libraryCodes].sort(), ['callback_failed', 'cancelled'])
  for (const code of libraryCodes) t.ok(code in problems)
  t.same([...problemCodes].sort(), Object.keys(problems).sort())
})

test('the retryable codes are those of the contract', async (t) => {
  const found = problemCodes.filter((code: ProblemCode) => problems[code].retryable)
  t.same([...found].sort(), [...RETRYABLE].sort())
})

test('every code has a title of its own', async (t) => {
  const titles = Object.values(problems).map(({ title }) => title)
  t.equal(new Set(titles).size, problemCodes.length)
  t.ok(titles.every((title) => title.length > 5))
})

test('a problem document, with and without its extras', async (t) => {
  t.equal(Check(Problem, problem), true)
  const extras = {
    retryAfter: 1.5,
    refs: [{ ref: 'refs/heads/main', reason: 'diverged' }],
    errors: [{ path: '/policy/prunee', message: 'is not a property' }],
    result: syncResult,
    added: 'later',
  }
  t.equal(Check(Problem, { ...problem, ...extras }), true)
  for (const name of Object.keys(problem)) {
    const { [name]: _, ...rest } = problem as Record<string, unknown>
    t.equal(Check(Problem, rest), false, `without ${name}`)
  }
  t.equal(Check(Problem, { ...problem, code: 'oops' }), false)
  t.equal(Check(Problem, { ...problem, refs: [{ ref: 'x' }] }), false)
})
