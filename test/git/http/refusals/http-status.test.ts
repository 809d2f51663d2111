import { test } from 'tap'
import { retryAfterSeconds, statusError } from '../../../../src/git/http/refusals/http-status.js'

const refusal = (status: number, push = false, text = '') => ({ status, push, text })

test('each status has its code, on both sides', async (t) => {
  const codes: [number, string, boolean][] = [
    [400, 'protocol_error', false],
    [401, 'unauthorized', false],
    [403, 'unauthorized', false],
    [404, 'not_found', false],
    [408, 'protocol_error', false],
    [410, 'protocol_error', false],
    [429, 'unavailable', true],
    [500, 'unavailable', true],
    [502, 'unavailable', true],
    [503, 'unavailable', true],
    [504, 'unavailable', true],
  ]
  for (const side of ['source', 'target'] as const) {
    for (const [status, word, retryable] of codes) {
      t.match(
        statusError(side, refusal(status)),
        { code: `${side}_${word}`, retryable, message: new RegExp(`The ${side} .*${status}`) },
        `${side} ${status}`,
      )
    }
  }
})

test('a redirect of any other request than info/refs is refused', async (t) => {
  for (const status of [301, 302, 303, 307, 308]) {
    t.match(statusError('target', refusal(status, true)), { code: 'redirect_refused', retryable: false })
  }
})

test('a push that is too large or takes too long is over a limit, one that is chunked may be unsupported', async (t) => {
  t.match(statusError('target', refusal(413, true)), { code: 'pack_limit_exceeded', message: /413/ })
  t.match(statusError('target', refusal(408, true)), { code: 'pack_limit_exceeded', message: /408/ })
  t.match(statusError('target', refusal(411, true)), { code: 'unsupported', message: /411/ })
  t.match(statusError('source', refusal(413)), { code: 'source_protocol_error' })
})

test('a refused credential names the setting', async (t) => {
  t.match(statusError('source', refusal(401)).message, /auth\.source.*read/)
  t.match(statusError('target', refusal(403, true)).message, /auth\.target.*write/)
})

test('Retry-After is passed on, and the words of the remote too', async (t) => {
  const busy = statusError('source', { ...refusal(503, false, 'back at noon'), retryAfter: 7 })
  t.match(busy, { retryAfter: 7, message: /It says: back at noon$/ })
  t.equal(statusError('source', refusal(503)).retryAfter, undefined)
  t.notMatch(statusError('source', refusal(404)).message, /It says/)
})

test('Retry-After in seconds and as a date', async (t) => {
  const now = Date.parse('2026-11-22T06:00:00Z')
  t.equal(retryAfterSeconds('120', now), 120)
  t.equal(retryAfterSeconds(' 0 ', now), 0)
  t.equal(retryAfterSeconds('Sun, 22 Nov 2026 06:01:30 GMT', now), 90)
  t.equal(retryAfterSeconds('Sun, 22 Nov 2026 06:00:00 GMT', now + 400), 0, 'a date in the past')
  t.equal(retryAfterSeconds('Sun, 22 Nov 2026 06:00:01 GMT', now + 400), 1, 'never too early')
  t.equal(retryAfterSeconds(undefined, now), undefined)
})

test('Retry-After that is neither is ignored', async (t) => {
  for (const value of ['', 'soon', '99999999999999', '-5', '1.5', '+5', '5 apples']) {
    t.equal(retryAfterSeconds(value), undefined, JSON.stringify(value))
  }
})

test('a refusal for the number of requests passes, whatever its status', async (t) => {
  for (const [status, extra] of [
    [403, { isRateLimited: true, retryAfter: 60 }],
    [403, { text: 'You have exceeded a secondary rate limit.' }],
    [403, { text: 'Too Many Requests' }],
    [400, { isRateLimited: true }],
    [409, { isRateLimited: true, retryAfter: 5 }],
    [423, {}],
    [425, {}],
  ] as const) {
    const error = statusError('source', { ...refusal(status), ...extra })
    t.match(error, { code: 'source_unavailable', retryable: true, message: new RegExp(`${status}`) })
    t.equal(error.retryAfter, 'retryAfter' in extra ? extra.retryAfter : undefined)
  }
  t.equal(statusError('source', { ...refusal(401), isRateLimited: true }).code, 'source_unauthorized')
  t.equal(statusError('target', { ...refusal(413, true), isRateLimited: true }).code, 'pack_limit_exceeded')
})

test('what else is final says what to do', async (t) => {
  const finals: [number, string, RegExp][] = [
    [400, 'protocol_error', /check the URL/],
    [402, 'unauthorized', /paid/],
    [405, 'protocol_error', /does not speak git/],
    [407, 'unreachable', /HTTPS_PROXY/],
    [409, 'protocol_error', /state of the repository/],
    [410, 'protocol_error', /gone/],
    [418, 'protocol_error', /does not use/],
    [422, 'protocol_error', /does not use/],
    [431, 'protocol_error', /headers are too long/],
    [451, 'not_found', /legal/],
    [511, 'unreachable', /login/],
  ]
  for (const [status, word, message] of finals) {
    const error = statusError('target', { ...refusal(status, false, 'their words'), requestId: 'AB:12' })
    t.match(error, { code: `target_${word}`, retryable: false, message }, `${status}`)
    t.match(error.message, /It says: their words \(Its request id: AB:12\)$/)
  }
})
