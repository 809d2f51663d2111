import { test } from 'tap'
import { repositoryKey } from '../../../src/engine/request/repository-key.js'
import {
  validatePlanRequest,
  validateProbeRequest,
  validateSyncRequest,
} from '../../../src/engine/request/validate.js'
import { refusedPaths, source, syncRequest, target } from '../../../testing/cases/invalid-requests.js'

const validators = [validateSyncRequest, validatePlanRequest, validateProbeRequest]

/** What is refused of a URL on either side, by every validator. */
function refusedUrl(url: string) {
  const paths = validators.flatMap((validate) => [
    ...refusedPaths(validate, syncRequest({ source: { url } })),
    ...refusedPaths(validate, syncRequest({ target: { url } })),
  ])
  return [...new Set(paths)].sort()
}
const bothSides = ['/source/url', '/target/url']

test('http and https URLs', async (t) => {
  const urls = [
    'http://a.example/r',
    'HTTPS://A.example:8443/a/b.git/',
    'http://[::1]/r',
    'http://127.0.0.1',
    'https://é.example/日本',
  ]
  for (const url of urls) t.same(refusedUrl(url), [], url)
})

test('a URL that is not http: or https:', async (t) => {
  const urls = [
    ...['ssh://a.example/r', 'git://a.example/r', 'file:///r', 'ftp://a.example/r', 'git@a.example:r.git'],
    ...[
      'a.example/r',
      '/r',
      'https:a.example',
      'https:/a.example',
      'https://',
      'http://a b/r',
      ' https://a.example/r',
    ],
  ]
  for (const url of urls) t.same(refusedUrl(url), bothSides, JSON.stringify(url))
})

test('a URL that carries a user name or password, with a hint at auth, and without printing it', async (t) => {
  for (const user of ['ada', 'ada:hunter2', ':hunter2']) {
    const url = `https://${user}@a.example/r`
    t.same(refusedUrl(url), bothSides, url)
    t.throws(() => validateSyncRequest(syncRequest({ source: { url } })), {
      message: /^(?!.*hunter2).*auth\.source/,
      errors: [{ path: '/source/url', message: /auth\.source/ }],
    })
    t.throws(() => validateProbeRequest(syncRequest({ target: { url } })), { message: /auth\.target/ })
  }
})

test('a query or a fragment, which nothing could be appended to, also an empty one', async (t) => {
  for (const end of ['?a=b', '#x', '?', '#', '/?', '?#']) {
    t.same(refusedUrl(`https://a.example/r${end}`), bothSides, end)
  }
})

test('the same repository on both sides, however it is written', async (t) => {
  const pairs = [
    ['https://a.example/r.git', 'https://a.example/r.git'],
    ['https://A.Example/r', 'https://a.example/r'],
    ['https://a.example:443/r', 'https://a.example/r'],
    ['http://a.example:80/r', 'http://a.example/r'],
    ['https://a.example/r/', 'https://a.example/r'],
    ['https://a.example/r//', 'https://a.example/r'],
    ['https://a.example', 'https://a.example/'],
    ['HTTPS://A.EXAMPLE:443/r.git/', 'https://a.example/r.git'],
  ]
  for (const [one = '', other = ''] of pairs) {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const request = { source: { url: from }, target: { url: to } }
      for (const validate of validators)
        t.same(refusedPaths(validate, request), ['/target/url'], `${from} ${to}`)
    }
  }
})

test('different repositories', async (t) => {
  const others = [
    'https://a.example/R',
    'https://a.example/r.git',
    'https://a.example/x/r',
    'https://a.example:8443/r',
    'https://b.example/r',
    'http://a.example:8080/r',
  ]
  for (const url of others) {
    t.same(
      refusedPaths(validateSyncRequest, { source: { url: 'https://a.example/r' }, target: { url } }),
      [],
      url,
    )
    t.not(repositoryKey(url), repositoryKey('https://a.example/r'))
  }
})

test('both URLs are named where both are wrong', async (t) => {
  t.same(refusedPaths(validateSyncRequest, { source: { url: 'x' }, target: { url: 'y' } }), bothSides)
  t.same(refusedPaths(validateSyncRequest, { source, target }), [])
})

test('what a URL writes without need does not make it another repository', async (t) => {
  const pairs = [
    ['https://a.example/%72.git', 'https://a.example/r.git'],
    ['https://a.example./r', 'https://a.example/r'],
    ['https://a.example.:8443/r', 'https://a.example:8443/r'],
    ['https://a.example/a%2fb', 'https://a.example/a%2Fb'],
  ] as const
  for (const [one, other] of pairs) {
    t.equal(repositoryKey(one), repositoryKey(other), one)
    const body = syncRequest({ source: { url: one }, target: { url: other } })
    t.same(refusedPaths(validateSyncRequest, body), ['/target/url'])
  }
  t.not(repositoryKey('https://a.example/a%2Fb'), repositoryKey('https://a.example/a/b'))
  t.not(repositoryKey('https://a.example/%C3%A9'), repositoryKey('https://a.example/e'))
})

test('control characters in a URL, which its parser would leave out', async (t) => {
  for (const character of ['\n', '\r', '\t', '\0', '\u007f'])
    t.same(refusedUrl(`https://a.example/r${character}.git`), bothSides, JSON.stringify(character))
})
