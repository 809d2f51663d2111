import { format, inspect } from 'node:util'
import { test } from 'tap'
import { Credentials } from '../../../src/git/secrets/credentials.js'

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

test('what is sent', async (t) => {
  const sent = (auth?: ConstructorParameters<typeof Credentials>[0]) => new Credentials(auth).authorization()
  t.equal(sent({ token: 'secret' }), basic('git:secret'), 'the user name defaults to git')
  t.equal(sent({ username: '', token: 'secret' }), basic('git:secret'))
  t.equal(sent({ username: 'ada', token: 'sécret' }), basic('ada:sécret'))
  t.equal(sent({ bearerToken: 'abc' }), 'Bearer abc')
  t.equal(sent({ username: 'ada', token: 'secret', bearerToken: 'abc' }), 'Bearer abc', 'a bearer token wins')
  t.equal(sent({ username: 'ada', token: 'secret', bearerToken: '' }), basic('ada:secret'))
  for (const none of [undefined, {}, { token: '' }, { username: 'ada' }, { token: '', bearerToken: '' }]) {
    t.equal(sent(none), undefined, 'no credentials')
  }
})

test('they never print themselves', async (t) => {
  const credentials = new Credentials({ username: 'ada', token: 'hunter2', bearerToken: 'b3arer' })
  const printed = [
    JSON.stringify(credentials),
    JSON.stringify({ credentials, list: [credentials] }),
    String(credentials),
    `${credentials}`,
    `a ${credentials} b`,
    inspect(credentials),
    inspect({ deep: { credentials } }, { depth: null, showHidden: true, getters: true }),
    inspect(credentials, { customInspect: false, showHidden: true }),
    format('%s %o %O %j %d', credentials, credentials, credentials, credentials, credentials),
    new Error('failed', { cause: credentials }).stack ?? '',
    inspect(new Error('failed', { cause: credentials })),
    Object.values(credentials).join(),
    JSON.stringify(structuredClone(Object.entries(credentials))),
  ]
  const secrets = ['hunter2', 'b3arer', 'Bearer', Buffer.from('ada:hunter2').toString('base64')]
  for (const text of printed) {
    for (const secret of secrets) t.notOk(text.includes(secret), text)
  }
  t.equal(`${credentials}`, '[redacted]')
})

test('a token that is no well-formed text is no reason to fail', async (t) => {
  t.doesNotThrow(() => new Credentials({ token: 'a\ud800' }))
})
