import { inspect } from 'node:util'
import fc from 'fast-check'
import { test } from 'tap'
import { remoteText } from '../../../src/engine/run/progress.js'
import { Secrets } from '../../../src/git/secrets/secrets.js'
import type { EndpointAuth } from '../../../src/index.js'
import { holds } from '../../../testing/property.js'

function knowing(...auths: EndpointAuth[]): Secrets {
  const secrets = new Secrets()
  for (const auth of auths) secrets.learn(auth)
  return secrets
}
const base64 = (text: string) => Buffer.from(text).toString('base64')

test('our own secrets are blotted out of what a remote says, in every form that we sent', async (t) => {
  const credentials = knowing({ username: 'ada', token: 'p@ss/word', bearerToken: '' })
  const encoded = Buffer.from('ada:p@ss/word').toString('base64')
  const said = `p@ss/word, ${encoded}, p%40ss%2Fword, p@ss/word again`
  t.equal(credentials.redact(said), '[redacted], [redacted], [redacted], [redacted] again')
  t.equal(credentials.redact('harmless'), 'harmless')
  const both = knowing({ token: 'abc', bearerToken: 'abcdef' })
  t.equal(both.redact('abcdef abc'), '[redacted] [redacted]', 'the longer one first')
  t.equal(knowing().redact('anything'), 'anything')
  t.equal(knowing({ token: '$& $1' }).redact('<$& $1>'), '<[redacted]>', 'taken literally')
})

test('in more forms: base64 of either alphabet and without padding, inside other text, JSON, header bytes', async (t) => {
  const token = 'tökn/1?>~~ü&x'
  const secrets = knowing({ username: 'ada', token })
  const forms = [
    base64(token),
    base64(token).replace(/=+$/, ''),
    Buffer.from(token).toString('base64url'),
    base64(`ada:${token}`).replace(/=+$/, ''),
    Buffer.from(`ada:${token}`).toString('base64url'),
    encodeURIComponent(token).toLowerCase(),
    new URLSearchParams({ token }).toString().slice('token='.length),
    token.toLowerCase(),
    JSON.stringify(token).slice(1, -1).replaceAll('/', '\\/'),
    Buffer.from(token).toString('latin1'),
  ]
  for (const form of forms) t.equal(secrets.redact(`<${form}>`), '<[redacted]>', form)
  for (const before of ['x:', 'xy:', 'xyz:', 'other-name:']) {
    const said = secrets.redact(base64(`${before}${token}; and more`))
    t.match(said, '[redacted]')
    t.ok(said.length < 50, said)
  }
})

test('the secrets of all remotes are known, and of a token that is the user name', async (t) => {
  const secrets = knowing(
    { token: 'first-origin' },
    { bearerToken: 'second-origin', token: 'not-sent-at-all' },
  )
  t.equal(
    secrets.redact('second-origin, first-origin, not-sent-at-all'),
    '[redacted], [redacted], [redacted]',
  )
  const github = knowing({ username: 'ghp_0123456789', token: 'x-oauth-basic' })
  t.equal(github.redact('you are ghp_0123456789'), 'you are [redacted]')
  t.equal(knowing({ username: 'ada-lovelace', token: 'abcdefgh' }).redact('ada-lovelace'), 'ada-lovelace')
})

test('overlapping secrets leave nothing between them', async (t) => {
  const secrets = knowing({ token: 'abcdefghij' }, { token: 'fghijklmno' })
  t.equal(secrets.redact('<abcdefghijklmno>'), '<[redacted]>')
  t.equal(knowing({ token: 'abcabcabc' }).redact('<abcabcabcabc>'), '<[redacted]>')
})

test('short secrets are redacted as words of their own, and leave the words of others alone', async (t) => {
  const one = knowing({ token: 'x' })
  for (const text of ['login.example.com', 'max x-ray', 'x.example.com', '/x/repository', 'git.x.example'])
    t.equal(one.redact(text), text)
  for (const text of ['token x', 'token=x&', '"x"', 'git:x@host', 'it is x.', 'x'])
    t.equal(one.redact(text), text.replace(/(?<![a-z])x(?![a-z])/, '[redacted]'))
  const six = knowing({ token: 'gitlab' })
  t.equal(six.redact('gitlabs, agitlab and /gitlab/'), 'gitlabs, agitlab and /[redacted]/')
  t.equal(six.redact('GitLab'), 'GitLab')
  t.equal(knowing({ token: '#a' }).redact('b#a #ab <#a>'), 'b[redacted] #ab <[redacted]>')
  t.equal(knowing({ token: 'a' }).redact(`Basic ${base64('git:a')}`), 'Basic [redacted]')
})

test('a long secret is recognised by its end, in a time that does not grow with it', async (t) => {
  const jwt = `${'a'.repeat(8000)}.${'b'.repeat(8000)}.signature`
  const secrets = knowing({ bearerToken: jwt })
  t.equal(secrets.redact(`sent ${jwt}, you`), 'sent [redacted], you')
  t.equal(secrets.redact(`sent ${jwt}`.slice(0, 9000), true), '')
  t.equal(
    secrets.redact(`it starts with ${jwt.slice(0, 8000)}`).length,
    8015,
    'which all of an issuer may do',
  )
  const hard = knowing({ token: `${'a'.repeat(8000)}b${'a'.repeat(8000)}` }, { token: 'a'.repeat(1000) })
  t.equal(hard.redact('a'.repeat(1_000_000)), '[redacted]')
  const search = hard.search()
  search.observe(Buffer.alloc(10_000_000, 'ab'))
  t.notOk(search.found)
})

test('errors and their causes are scrubbed, with what they carry', async (t) => {
  const secrets = knowing({ token: 'SECRET-token' })
  const parse = Object.assign(new Error('Parse Error: SECRET-token'), { data: 'HTTP/1.1 SECRET-token' })
  const inner = new AggregateError([new Error('ENOTFOUND secret-TOKEN.example')], 'SECRET-token')
  inner.cause = parse
  const error = new Error('failed: SECRET-token', { cause: inner })
  parse.cause = error
  t.equal(secrets.scrub(error), error)
  t.notMatch(inspect(error, { depth: null, showHidden: true }), /secret-token/i)
  t.match(error.message, 'failed: [redacted]')
  t.equal(secrets.scrub('SECRET-token'), 'SECRET-token', 'what is no error is left alone')
  const ours = new Error('The source responded with 401')
  t.equal(knowing({ token: 'source' }).scrub(ours).message, 'The source responded with 401')
  const frozen = Object.freeze(new Error('SECRET-token'))
  t.doesNotThrow(() => secrets.scrub(frozen))
})

const sendable = fc.string({
  unit: fc.constantFrom(...'abcdefgXYZ0189/+=~-_%&?é€'),
  minLength: 1,
  maxLength: 60,
})
/** Shares no letter with secrets, and cuts no word in two. */
const filler = fc
  .tuple(fc.constantFrom(' ', ', ', ' ; ', ': "'), fc.constantFrom(1, 1, 1, 90, 1001, 70_000))
  .map(([unit, count]) => unit.repeat(Math.ceil(count / unit.length)))
const written = fc.constantFrom<(secret: string) => string>(
  (secret) => secret,
  encodeURIComponent,
  base64,
  (secret) => base64(secret).replace(/=+$/, ''),
  (secret) => base64(`ada:${secret}`),
  (secret) => Buffer.from(`ada:${secret}`).toString('base64url'),
  (secret) => JSON.stringify(secret).slice(1, -1),
)
/** A text that repeats secrets, and the forms that it does it in. */
const echo = fc
  .tuple(
    sendable,
    sendable,
    fc.array(fc.tuple(filler, written, fc.boolean()), { minLength: 1, maxLength: 6 }),
  )
  .map(([source, target, pieces]) => {
    const forms = pieces.map(([, write, isSource]) => write(isSource ? source : target))
    const text = pieces.map(([before], index) => before + forms[index]).join('')
    const secrets = knowing({ username: 'ada', token: source }, { username: 'ada', token: target })
    return { secrets, forms, text: `${text} ` }
  })

/** Whether a text has a secret or, of a longer one, eight letters in a row. */
function leaks(text: string, forms: readonly string[]): boolean {
  return forms.some((form) => {
    const size = Math.min(8, form.length)
    for (let at = 0; at + size <= form.length; at++) {
      const part = form.slice(at, at + size)
      if (size === 8 ? text.includes(part) : text.split(/[ ,;:"]+/).includes(part)) return true
    }
    return false
  })
}

test('whatever text repeats secrets, cut wherever, none of them comes out', async (t) => {
  await holds(
    t,
    fc.property(echo, fc.double({ min: 0, max: 1, noNaN: true }), ({ secrets, forms, text }, part) => {
      const cut = secrets.redact(text.slice(0, Math.floor(part * text.length)), true)
      return !leaks(secrets.redact(text), forms) && !leaks(cut, forms)
    }),
    { numRuns: 200 },
  )
})

test('nor out of the lines of a remote, however packets cut them', async (t) => {
  await holds(
    t,
    fc.property(
      echo,
      fc.array(fc.nat({ max: 100_000 }), { maxLength: 9 }),
      fc.constantFrom('\n', '\r', ''),
      ({ secrets, forms, text }, cuts, end) => {
        const lines: string[] = []
        const sink = remoteText(
          'source',
          (...said) => secrets.redact(...said),
          (event) => {
            if (event.type === 'remote') lines.push(event.text)
          },
        )
        const bytes = Buffer.from(`${text}${end}${text}\n`)
        let from = 0
        for (const cut of [...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length]) {
          sink(bytes.subarray(from, cut))
          from = cut
        }
        return lines.every((line) => line.length <= 1001) && !lines.some((line) => leaks(line, forms))
      },
    ),
    { numRuns: 100 },
  )
})

test('a secret is found in a stream however it is cut', async (t) => {
  const secret = 'S3cret+/token'
  const search = (text: string, size: number) => {
    const found = knowing({ token: secret }, { token: 'a' }).search()
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += size) {
      const chunk = Buffer.from(bytes.subarray(at, at + size))
      found.observe(chunk)
      chunk.fill(0)
    }
    return found.found
  }
  for (let size = 1; size < 30; size++) {
    for (const form of [secret, base64(secret), base64(`git:${secret}`), encodeURIComponent(secret)])
      t.ok(search(`0123 refs/heads/${form}\n0123 refs`, size), `${form} in chunks of ${size}`)
    t.notOk(search(`0123 refs/heads/${secret.slice(1)} refs/heads/a ${secret.slice(0, -1)}`, size))
  }
  t.notOk(knowing().search().found)
})
