import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { stage } from '../../../testing/cases/stage.js'
import { bodyOf } from '../../../testing/cases/sync-body.js'
import { fakeClient, problemOf, serveApp } from '../../../testing/processes/served-app.js'

const JSON_TYPE = 'application/json'

/** A service that only counts the requests that it accepts. */
async function counting(t: Parameters<typeof serveApp>[0]) {
  const taken: unknown[] = []
  const { url } = await serveApp(t, {
    client: fakeClient(async (_options, request) => taken.push(request) && { refs: [] }),
  })
  const send = (body: string | Buffer, headers: Record<string, string> = {}) =>
    fetch(`${url}/sync`, {
      method: 'POST',
      headers: { 'content-type': JSON_TYPE, accept: JSON_TYPE, ...headers },
      body,
    })
  return { send, taken }
}

const text = JSON.stringify(bodyOf({ scope: { excludeRefs: ['refs/heads/schütz'] } }))

t.test('bytes that are not UTF-8 delete no ref that an exclude was to keep', async (t) => {
  const { source, target, request } = await stage(t)
  await source.commit('main')
  await target.commit('schütz')
  const before = await target.refs()
  const { url } = await serveApp(t)
  const body = request({ policy: { prune: true }, scope: { excludeRefs: ['refs/heads/schütz'] } })
  const send = (encoding: BufferEncoding, headers = {}) =>
    fetch(`${url}/replicate`, {
      method: 'POST',
      headers: { 'content-type': JSON_TYPE, accept: JSON_TYPE, ...headers },
      body: Buffer.from(JSON.stringify(body), encoding),
    })
  const refused = await send('latin1')
  t.equal(refused.status, 400)
  t.match(await problemOf(refused), { code: 'invalid_request', detail: /UTF-8/ })
  t.strictSame(await target.refs(), before)
  t.equal((await send('utf8')).status, 200)
  t.ok((await target.refs())['refs/heads/schütz'])
})

t.test('other bytes and other charsets are refused', async (t) => {
  const { send, taken } = await counting(t)
  const wrong: [string, string | Buffer, Record<string, string>?][] = [
    ['ISO-8859-1', Buffer.from(text, 'latin1')],
    ['UTF-16 with its mark', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16 without', Buffer.from(text, 'utf16le')],
    [
      'an overlong slash',
      Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
    ],
    ['an encoded surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['one byte', Buffer.from([0xff])],
    ['a truncated character', Buffer.from(text).subarray(0, text.indexOf('ü') + 1)],
    ['a declared charset', text, { 'content-type': `${JSON_TYPE}; charset=iso-8859-1` }],
    ['in quotes', text, { 'content-type': `${JSON_TYPE};charset="UTF-16LE"` }],
    ['behind another parameter', text, { 'content-type': `${JSON_TYPE}; x=y ; CHARSET=windows-1252` }],
    ['two charsets', text, { 'content-type': `${JSON_TYPE}; charset=utf-8; charset=latin1` }],
  ]
  for (const [what, body, headers] of wrong) {
    const response = await send(body, headers)
    t.equal(response.status, 400, what)
    t.match(await problemOf(response), { code: 'invalid_request', errors: [{ path: '' }] })
  }
  const gzip = await send(text, { 'content-encoding': 'gzip' })
  t.equal(gzip.status, 415)
  t.match(await problemOf(gzip), { code: 'unsupported_media_type', detail: /gzip/ })
  t.strictSame(taken, [])
})

t.test('UTF-8 is accepted under each of its names, with or without a byte order mark', async (t) => {
  const { send, taken } = await counting(t)
  const right: [string | Buffer, Record<string, string>?][] = [
    [text],
    [text, { 'content-type': `${JSON_TYPE}; charset=utf-8` }],
    [text, { 'content-type': `${JSON_TYPE};charset="UTF-8"` }],
    [text, { 'content-type': `${JSON_TYPE}; charset=utf8`, 'content-encoding': 'identity' }],
    [Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)])],
  ]
  for (const [body, headers] of right) t.equal((await send(body, headers)).status, 200)
  t.strictSame(
    taken,
    right.map(() => JSON.parse(text)),
  )
})

t.test('escaped surrogates are the bytes of a name, in one spelling, and nothing else', async (t) => {
  const { send, taken } = await counting(t)
  const scoped = (name: string) => `{"excludeRefs":["refs/heads/${name}"]}`
  const bodies: [string, number][] = [
    [text.replace(/"scope":\{.*\}/, `"scope":${scoped('\\udcfc')}}`), 200],
    [text.replace(/"scope":\{.*\}/, `"scope":${scoped('\\udcc3\\udcbc')}}`), 400],
    [text.replace(/"scope":\{.*\}/, `"scope":${scoped('\\ud800')}}`), 400],
    [text.replace(/"scope":\{.*\}/, `"scope":${scoped('\\udc41')}}`), 400],
    [text.replace('source.git', 'source\\udcfc.git'), 400],
    [text.replace(/"scope":/, '"auth":{"source":{"token":"a\\udcfc"}},"scope":'), 400],
    [text.replace(/"scope":/, '"options":{"pushOptions":["a\\ud83d"]},"scope":'), 400],
    [text.replace('schütz', 'sch\\ud83d\\ude00tz'), 200],
  ]
  for (const [body, status] of bodies) {
    const response = await send(body)
    t.equal(response.status, status, body)
    await response.body?.cancel()
  }
  t.equal(taken.length, 2)
})

t.test('a branch whose name is not UTF-8 is excluded by the name that a result gives it', async (t) => {
  const { source, target, client, request } = await stage(t)
  const id = await source.commit('main')
  await client.sync(request())
  const name = Buffer.concat([Buffer.from('refs/heads/ü-'), Buffer.from([0xfc])])
  for (const { dir } of [source, target]) {
    await writeFile(join(dir, 'packed-refs'), Buffer.concat([Buffer.from(`${id} `), name, Buffer.from('\n')]))
  }
  const { refs } = await client.probe({ source: { url: source.url } })
  t.strictSame(
    refs.map(({ name }) => name),
    ['refs/heads/main', 'refs/heads/ü-\udcfc'],
  )
  await writeFile(join(source.dir, 'packed-refs'), '')
  for (const exclude of ['refs/heads/ü-*', 'refs/heads/ü-\udcfc']) {
    const pruned = await client.replicate(
      request({ scope: { excludeRefs: [exclude] }, policy: { prune: true } }),
    )
    t.strictSame(
      pruned.refs.map(({ action, targetRef }) => `${action} ${targetRef}`),
      ['skip refs/heads/main'],
    )
  }
  const all = await client.replicate(request({ policy: { prune: true } }))
  t.equal(all.counts.deleted, 1)
})
