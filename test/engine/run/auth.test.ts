import { inspect } from 'node:util'
import { test } from 'tap'
import { type AuthProvider, resolveAuth, StaticAuthProvider } from '../../../src/engine/run/auth.js'
import type { EndpointAuth } from '../../../src/index.js'

const endpoint = { url: 'https://git.example.com/r.git' }
const { signal } = new AbortController()

async function sent(
  own: EndpointAuth | undefined,
  provider?: AuthProvider,
  role: 'source' | 'target' = 'source',
) {
  const { credentials, skipTlsVerify } = await resolveAuth(own, provider, { endpoint, role, signal })
  return { authorization: credentials.authorization(), skipTlsVerify }
}
const stored: AuthProvider = { authFor: () => ({ bearerToken: 'stored' }) }

test("a request's own credentials win, and the provider is not asked", async (t) => {
  let asked = 0
  const provider: AuthProvider = {
    authFor: () => {
      asked++
      return { bearerToken: 'stored' }
    },
  }
  t.equal((await sent({ bearerToken: 'own' }, provider)).authorization, 'Bearer own')
  t.match((await sent({ token: 'own' }, provider)).authorization, /^Basic /)
  t.equal(asked, 0)
})

test('a side without tokens brings no credentials', async (t) => {
  const without: (EndpointAuth | undefined)[] = [
    undefined,
    {},
    { token: '' },
    { token: '', bearerToken: '' },
    { username: 'ada' },
  ]
  for (const own of without) {
    t.equal((await sent(own, stored)).authorization, 'Bearer stored', JSON.stringify(own))
    t.equal((await sent(own)).authorization, undefined)
  }
})

test("a bearer token that no header can carry is the request's fault, and is not printed", async (t) => {
  for (const bearerToken of ['hunter2\n', 'hunter2\r\n', 'hünter2', 'hunter2\0']) {
    const expected = {
      code: 'invalid_request',
      message: /^(?!.*h.nter2)/,
      errors: [{ path: '/auth/target/bearerToken' }],
    }
    await t.rejects(sent({ bearerToken }, undefined, 'target'), expected, JSON.stringify(bearerToken))
  }
  t.equal(
    (await sent({ token: 'hünter2\n' })).authorization,
    `Basic ${Buffer.from('git:hünter2\n').toString('base64')}`,
  )
})

test('a provider is told the endpoint, the role and the signal, and may know nothing', async (t) => {
  const calls: unknown[] = []
  const provider: AuthProvider = {
    authFor: async (...args) => {
      calls.push(args)
      return undefined
    },
  }
  t.equal((await sent(undefined, provider, 'target')).authorization, undefined)
  t.same(calls, [[endpoint, 'target', { signal }]])
})

test('static credentials are the same for every source, and for every target', async (t) => {
  const provider = new StaticAuthProvider({ source: { bearerToken: 's' }, target: { bearerToken: 't' } })
  t.equal((await sent(undefined, provider, 'source')).authorization, 'Bearer s')
  t.equal((await sent(undefined, provider, 'target')).authorization, 'Bearer t')
  t.equal((await sent(undefined, new StaticAuthProvider({}), 'target')).authorization, undefined)
})

test('static credentials do not print themselves', async (t) => {
  const provider = new StaticAuthProvider({ source: { token: 'hunter2' } })
  t.notMatch(inspect(provider, { showHidden: true }) + JSON.stringify(provider), /hunter2/)
})

test('TLS is left unverified only where someone says so', async (t) => {
  t.equal((await sent({ token: 'x' })).skipTlsVerify, false)
  t.equal((await sent({ token: 'x', skipTlsVerify: true })).skipTlsVerify, true)
  t.equal((await sent({ skipTlsVerify: true }, stored)).skipTlsVerify, true, 'beside stored credentials too')
  t.equal((await sent({}, { authFor: () => ({ skipTlsVerify: true }) })).skipTlsVerify, true)
})

test('a provider that throws fails the run, with what it threw as the cause', async (t) => {
  const failure = new Error('vault is sealed')
  const provider: AuthProvider = { authFor: () => Promise.reject(failure) }
  const error: unknown = await sent(undefined, provider).catch((error: unknown) => error)
  t.match(error, { code: 'callback_failed', message: /vault is sealed/, retryable: false })
  t.equal((error as Error).cause, failure)
})
