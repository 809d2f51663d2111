import { test } from 'tap'
import { redirectedBase } from '../../../../src/git/http/refusals/redirect.js'

const FROM = 'http://git.example.com/a/r.git/info/refs?service=git-upload-pack'
const TAIL = '/info/refs?service=git-upload-pack'

const base = (location: string, mayLeaveOrigin = false, from = FROM) =>
  redirectedBase(new URL(from), location, 'source', mayLeaveOrigin).href
const refusal = { name: 'GitSyncError', code: 'redirect_refused' }

test('within one origin the new base is adopted', async (t) => {
  t.equal(base(`http://git.example.com/b.git${TAIL}`), 'http://git.example.com/b.git')
  t.equal(base(`/b.git${TAIL}`), 'http://git.example.com/b.git', 'relative to the origin')
  t.equal(base(`../../c.git${TAIL}`), 'http://git.example.com/a/c.git', 'relative to the address')
  t.equal(base(`HTTP://GIT.example.com:80/b.git${TAIL}`), 'http://git.example.com/b.git', 'however written')
  t.equal(base(TAIL), 'http://git.example.com/', 'a repository at the root')
})

test('from http to https on one host name, whatever the ports', async (t) => {
  t.equal(base(`https://git.example.com/a/r.git${TAIL}`), 'https://git.example.com/a/r.git')
  t.equal(base(`https://git.example.com:8443/r${TAIL}`), 'https://git.example.com:8443/r')
  const from = `http://git.example.com:8080/r${TAIL}`
  t.equal(base(`https://git.example.com/r${TAIL}`, false, from), 'https://git.example.com/r')
})

test('another origin needs leave, and the refusal names the setting', async (t) => {
  const others = [
    `http://other.example.com/r${TAIL}`,
    `https://other.example.com/r${TAIL}`,
    `https://sub.git.example.com/r${TAIL}`,
    `http://git.example.com:8080/r${TAIL}`,
    `//other.example.com/r${TAIL}`,
  ]
  for (const location of others) {
    t.throws(() => base(location), { ...refusal, message: /source\.followInfoRefsRedirect/ }, location)
    t.equal(base(location, true), new URL(location.replace(TAIL, ''), FROM).href)
  }
  const asTarget = () => redirectedBase(new URL(FROM), others[0] ?? '', 'target', false)
  t.throws(asTarget, { ...refusal, message: /target\.followInfoRefsRedirect/ })
})

test('never from https to http, with any leave', async (t) => {
  const from = `https://git.example.com/r${TAIL}`
  for (const location of [`http://git.example.com/r${TAIL}`, `http://other.example.com/r${TAIL}`]) {
    for (const leave of [false, true]) {
      t.throws(() => base(location, leave, from), { ...refusal, message: /from https to http/ }, location)
    }
  }
  t.equal(base(`https://git.example.com/b${TAIL}`, false, from), 'https://git.example.com/b')
})

test('never to another scheme, to credentials, or to nothing', async (t) => {
  for (const location of [
    `ftp://git.example.com/r${TAIL}`,
    'file:///etc/passwd',
    'javascript:x',
    'http://[/',
  ]) {
    t.throws(() => base(location, true), { ...refusal, message: /not an http\(s\) URL/ }, location)
  }
  for (const user of ['user@', 'user:secret@', ':secret@']) {
    const act = () => base(`http://${user}git.example.com/r${TAIL}`, true)
    t.throws(act, { ...refusal, message: /carries credentials/ }, user)
    t.throws(act, { message: /^(?!.*secret)/ }, 'which it does not print')
  }
})

test('only to the info/refs of the same service', async (t) => {
  const elsewhere = [
    'http://git.example.com/login',
    'http://git.example.com/a/r.git/info/refs',
    'http://git.example.com/a/r.git/info/refs?service=git-receive-pack',
    'http://git.example.com/login?next=/info/refs?service=git-upload-pack',
    'http://git.example.com/r/info/refs/?service=git-upload-pack',
    'http://git.example.com/rinfo/refs?service=git-upload-pack',
  ]
  for (const location of elsewhere) t.throws(() => base(location, true), refusal, location)
})

test('no query and no fragment comes along', async (t) => {
  t.equal(base(`/r${TAIL}&token=x#part`), 'http://git.example.com/r')
})

test('a redirect that names no place, or a very long one, is not quoted', async (t) => {
  t.throws(() => base(''), { ...refusal, message: /redirects without saying where to/ })
  const long = 'a'.repeat(100_000)
  const secure = FROM.replace('http:', 'https:')
  for (const run of [
    () => base(`/${long}`),
    () => base(`http://${long}/r${TAIL}`),
    () => base(`http://${long}/login`),
    () => base(`http://${long}/r${TAIL}`, true, secure),
  ]) {
    const error = (() => {
      try {
        return run()
      } catch (error) {
        return error
      }
    })() as Error
    t.match(error, { ...refusal, message: /an address of 100\d{3} characters/ })
    t.ok(error.message.length < 300)
  }
})
