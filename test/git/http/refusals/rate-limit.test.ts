import { test } from 'tap'
import { rateLimitOf } from '../../../../src/git/http/refusals/rate-limit.js'

const NOW = Date.parse('2026-11-22T06:00:00Z')
const IN_A_MINUTE = NOW / 1000 + 60
const read = (headers: Record<string, string>) => rateLimitOf(headers, NOW)

test('each way to ask for a wait', async (t) => {
  const ways: Record<string, string>[] = [
    { 'retry-after': '60' },
    { 'retry-after': 'Sun, 22 Nov 2026 06:01:00 GMT' },
    { 'retry-after': '60', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(IN_A_MINUTE + 9) },
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(IN_A_MINUTE) },
    { 'x-ratelimit-remaining': ' 0 ', 'x-ratelimit-reset': String(IN_A_MINUTE * 1000) },
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '59.2', 'x-ratelimit-reset': '1' },
    { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': '60' },
    { 'ratelimit-remaining': '0', 'ratelimit-reset': '60' },
    { 'ratelimit-remaining': '0', 'ratelimit-reset': String(IN_A_MINUTE) },
    { ratelimit: 'limit=100, remaining=0, reset=60' },
    { ratelimit: '"default";r=0;t=60' },
  ]
  for (const headers of ways)
    t.strictSame(read(headers), { isReached: true, retryAfter: 60 }, JSON.stringify(headers))
})

test('a limit that is not reached, and nonsense, ask for none', async (t) => {
  const others: Record<string, string>[] = [
    {},
    { 'x-ratelimit-remaining': '4999', 'x-ratelimit-reset': String(IN_A_MINUTE) },
    { 'x-ratelimit-reset': '60' },
    { 'retry-after': 'soon' },
    { ratelimit: 'limit=100, remaining=10, reset=60' },
    { ratelimit: '"default";r=05;t=60' },
  ]
  for (const headers of others)
    t.strictSame(read(headers), { isReached: false, retryAfter: undefined }, JSON.stringify(headers))
  for (const reset of ['', 'tomorrow', '-5', '1e3', '9'.repeat(15), '9'.repeat(99)])
    t.strictSame(
      read({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }),
      { isReached: true, retryAfter: undefined },
      reset,
    )
  t.strictSame(read({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(IN_A_MINUTE - 90) }), {
    isReached: true,
    retryAfter: 0,
  })
})
