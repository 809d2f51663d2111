import t from 'tap'
import { isExpired, secretsOf, takesCredentials, toAction } from '../../src/lfs/action.js'
import type { Link } from '../../src/lfs/batch-api.js'

const NOW = Date.parse('2026-11-25T12:00:00Z')
const server = new URL('https://host.example/r.git/info/lfs')
const actionOf = (link: Partial<Link>, authenticated = false) =>
  toAction({ href: 'https://host.example/o', ...link }, { side: 'target', server, authenticated, now: NOW })

t.test('the expiry in seconds wins over the time', async (t) => {
  const cases: [Partial<Link>, number][] = [
    [{}, Number.POSITIVE_INFINITY],
    [{ expires_in: 10 }, NOW + 10_000],
    [{ expires_in: -10, expires_at: '2030-01-01T00:00:00Z' }, NOW - 10_000],
    [{ expires_in: 0, expires_at: '2026-11-25T12:00:10Z' }, NOW + 10_000],
    [{ expires_at: '2026-11-25T13:00:10+01:00' }, NOW + 10_000],
    [{ expires_at: '0001-01-01T00:00:00Z' }, Number.POSITIVE_INFINITY],
    [{ expires_at: 'soon' }, Number.POSITIVE_INFINITY],
    [{ expires_in: null, expires_at: null }, Number.POSITIVE_INFINITY],
  ]
  for (const [link, expires] of cases) t.equal(actionOf(link).expires, expires, JSON.stringify(link))
})

t.test('five seconds before it expires is too late', async (t) => {
  const action = actionOf({ expires_in: 10 })
  t.notOk(isExpired(action, NOW + 5_000))
  t.ok(isExpired(action, NOW + 5_001))
})

t.test('headers of the connection are not taken over', async (t) => {
  const header = {
    Host: 'x',
    'Content-Length': '1',
    'Transfer-Encoding': 'chunked',
    Connection: 'close',
    'X-Key': 'value',
  }
  const { headers, isChunked } = actionOf({ header })
  t.strictSame(headers, { 'x-key': 'value' })
  t.ok(isChunked)
  t.notOk(actionOf({ header: null }).isChunked)
})

t.test('a user in the address becomes a header', async (t) => {
  const { url, headers } = actionOf({ href: 'https://me:p%40ss@host.example/o#x' })
  t.equal(url.href, 'https://host.example/o')
  t.strictSame(headers, { authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}` })
})

t.test(
  'our credentials go to the same origin alone, where an action brings none and wants any',
  async (t) => {
    t.ok(takesCredentials(actionOf({}), server))
    t.notOk(takesCredentials(actionOf({}, true), server))
    t.notOk(takesCredentials(actionOf({ header: { AUTHORIZATION: 'x' } }), server))
    for (const href of [
      'https://host.example:8443/o',
      'https://other.example/o',
      'https://host.example.evil.example/o',
    ])
      t.notOk(takesCredentials(actionOf({ href }), server), href)
  },
)

t.test('from https there is no way to http', async (t) => {
  t.throws(() => actionOf({ href: 'http://host.example/o' }), { code: 'redirect_refused' })
})

t.test('what is secret of an action', async (t) => {
  const action = actionOf({
    href: 'https://host.example/a-path-of-some-length/o?signature=0123456789abcdef&short=1',
    header: { authorization: 'Bearer a-token-of-some-length' },
  })
  const secrets = secretsOf(action)
  for (const secret of ['0123456789abcdef', 'a-token-of-some-length', 'a-path-of-some-length'])
    t.ok(secrets.includes(secret), secret)
  t.notOk(secrets.includes('1'))
})
