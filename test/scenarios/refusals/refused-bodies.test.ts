import type { ServerResponse } from 'node:http'
import t from 'tap'
import { Client, type ClientOptions } from '../../../src/index.js'
import { failureOf } from '../../../testing/cases/stage.js'
import { startFakeRemote } from '../../../testing/packets/wire.js'

// What is read of an answer that git has no use for, and for how long.

type Respond = (response: ServerResponse) => void

/** What a run comes to whose source answers its listing like that. */
async function refused(
  t: { teardown(action: () => Promise<void>): unknown },
  respond: Respond,
  options: ClientOptions = {},
) {
  const remote = await startFakeRemote((_request, response) => respond(response))
  t.teardown(remote.close)
  const error = await failureOf(new Client(options).probe({ source: { url: remote.url() } }))
  return { error }
}

const heads: [string, number, Record<string, string>, string][] = [
  ['a refusal', 401, { 'content-type': 'text/plain' }, 'source_unauthorized'],
  ['a refusal in HTML', 404, { 'content-type': 'text/html' }, 'source_not_found'],
  [
    'a failure in JSON',
    500,
    { 'content-type': 'application/json', 'content-length': '99' },
    'source_unavailable',
  ],
  ['a page', 200, { 'content-type': 'text/html' }, 'source_protocol_error'],
  ['a picture', 200, { 'content-type': 'image/png' }, 'source_protocol_error'],
  ['a redirect', 302, { location: '/nowhere' }, 'redirect_refused'],
]

for (const [what, status, headers, code] of heads) {
  t.test(`${what} whose body never ends is told when the stall timeout is over`, async (t) => {
    let drops = 0
    const bodies: Record<string, Respond> = {
      silent: (response) => response.writeHead(status, headers).flushHeaders(),
      'silent in the middle': (response) => response.writeHead(status, headers).write('<p>words</p> '),
      // Each byte comes in time, and all of them take a minute.
      dripping: (response) => {
        response.writeHead(status, headers)
        const timer = setInterval(() => {
          drops++
          response.write('x')
        }, 100)
        response.once('close', () => clearInterval(timer))
      },
    }
    const outcomes = Object.entries(bodies).map(async ([how, respond]) => {
      const { error } = await refused(t, respond, { stallTimeout: 300 })
      t.equal(error.code, code, how)
    })
    await Promise.all(outcomes)
    t.ok(drops < 100, `${drops} drops`)
  })
}

t.test('a body that never stops is read no further than its words', async (t) => {
  const { error } = await refused(t, (response) => {
    response.writeHead(503, { 'content-type': 'text/plain' })
    const more = () => {
      while (!response.destroyed && response.write('down for now '.repeat(1000)));
    }
    response.on('drain', more)
    more()
  })
  t.equal(error.code, 'source_unavailable')
  t.match(error.message, /It says: down for now/)
  t.ok(error.message.length < 500)
})

t.test('a run that is cancelled while a refusal comes in is cancelled', async (t) => {
  const cancelling = new AbortController()
  const remote = await startFakeRemote((_request, response) => {
    response.writeHead(401, { 'content-type': 'text/plain' }).write('word')
    setTimeout(() => cancelling.abort(), 50)
  })
  t.teardown(remote.close)
  const run = new Client().probe({ source: { url: remote.url() } }, { signal: cancelling.signal })
  t.equal((await failureOf(run)).code, 'cancelled')
})

interface Told {
  what: string
  status: number
  headers: Record<string, string>
  body?: string
  expected: { code: string; retryable: boolean; retryAfter?: number; message: RegExp }
}

const json = { 'content-type': 'application/json' }
const html = { 'content-type': 'text/html; charset=utf-8' }
const told: Told[] = [
  {
    what: 'a secondary rate limit',
    status: 403,
    headers: { ...json, 'retry-after': '60', 'x-ratelimit-remaining': '4000' },
    body: '{"message":"You have exceeded a secondary rate limit.","documentation_url":"https://docs.example"}',
    expected: {
      code: 'source_unavailable',
      retryable: true,
      retryAfter: 60,
      message: /403.*secondary rate limit\.$/,
    },
  },
  {
    what: 'a rate limit that is told by headers alone',
    status: 403,
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' },
    expected: { code: 'source_unavailable', retryable: true, retryAfter: 30, message: /too many requests/ },
  },
  {
    what: 'a token without a permission',
    status: 403,
    headers: {
      ...json,
      'x-ratelimit-remaining': '4000',
      'x-ratelimit-reset': '1900000000',
      'x-github-request-id': 'AB12:34',
    },
    body: '{"message":"Resource not accessible by personal access token"}',
    expected: {
      code: 'source_unauthorized',
      retryable: false,
      message: /auth\.source.*Resource not accessible.*AB12:34/,
    },
  },
  {
    what: 'a page that refuses',
    status: 403,
    headers: html,
    body: '<html><head><title>Access denied</title></head><body><p>Your network is not allowed</p></body></html>',
    expected: {
      code: 'source_unauthorized',
      retryable: false,
      message: /Access denied Your network is not allowed/,
    },
  },
  {
    what: 'the page of Azure DevOps for a bad token',
    status: 203,
    headers: html,
    body: '<html><head><title>Azure DevOps Services | Sign In</title></head></html>',
    expected: {
      code: 'source_unauthorized',
      retryable: false,
      message: /203, a page to sign in: check auth\.source.*Sign In/,
    },
  },
  {
    what: 'a page to sign in with status 200',
    status: 200,
    headers: html,
    body: '<html><head><title>Welcome</title></head><form><input type="password"></form></html>',
    expected: { code: 'source_unauthorized', retryable: false, message: /check auth\.source.*Welcome/ },
  },
  {
    what: 'another page',
    status: 200,
    headers: html,
    body: '<html><head><title>Project</title></head></html>',
    expected: { code: 'source_protocol_error', retryable: false, message: /text\/html.*It says: Project$/ },
  },
  {
    what: 'a redirect to a page to sign in',
    status: 302,
    headers: { location: '/users/sign_in' },
    expected: { code: 'redirect_refused', retryable: false, message: /page to sign in.*check auth\.source/ },
  },
  {
    what: 'a redirect to the login of another host',
    status: 302,
    headers: { location: 'https://login.example.com/oauth2/authorize?client_id=1' },
    expected: {
      code: 'redirect_refused',
      retryable: false,
      message: /login\.example\.com: check auth\.source/,
    },
  },
  {
    what: 'a proxy that wants a password',
    status: 407,
    headers: { 'proxy-authenticate': 'Basic' },
    expected: { code: 'source_unreachable', retryable: false, message: /407.*HTTPS_PROXY/ },
  },
  {
    what: 'a header that comes twice',
    status: 503,
    headers: { 'retry-after': ['7', '9'] as unknown as string },
    expected: { code: 'source_unavailable', retryable: true, retryAfter: 7, message: /503/ },
  },
]

for (const { what, status, headers, body, expected } of told) {
  t.test(`${what} is told so that it helps`, async (t) => {
    const { error } = await refused(t, (response) => response.writeHead(status, headers).end(body))
    t.match(error, expected)
    t.equal(error.retryAfter, expected.retryAfter)
  })
}
