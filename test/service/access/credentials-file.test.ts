import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { Client } from '../../../src/index.js'
import { parseCallers } from '../../../src/service/access/callers.js'
import { CredentialsFile, parseCredentials } from '../../../src/service/access/credentials-file.js'
import { ReloadingFile } from '../../../src/service/access/reloading-file.js'
import { failureOf, stage } from '../../../testing/cases/stage.js'
import { gitWith } from '../../../testing/git/git.js'
import { captureLog, serveApp } from '../../../testing/processes/served-app.js'
import { temporaryFolder } from '../../../testing/temporary-folder.js'

async function fileOf(t: Test, lines: readonly string[]) {
  const path = join(await temporaryFolder(t), 'credentials')
  await writeFile(path, lines.map((line) => `${line}\n`).join(''))
  const options = { setting: 'GITSYNC_CREDENTIALS_FILE', path, parse: parseCredentials }
  const file = await ReloadingFile.open({ ...options, onReloadFailed: (error) => t.fail(error.message) })
  return { path, provider: new CredentialsFile(file) }
}

const lines = [
  'https://whole:1@git.example',
  'https://org:2@git.example/org',
  'https://repo:3@git.example/org/repo.git/',
  'https://second:4@git.example/org',
  'https://port:5@git.example:8443',
  'https://encoded:6@git.example%3a9443',
  'http://plain:7@git.example',
  'smtp://mail:8@git.example',
  '',
  'https://na%40me:p%3A%2F%40ss+word@Other.Example:443/',
  'https://six:9@[::1]:8443',
  'https://bare:10@git.example/org/bare',
  'https://file:t0ken%0A@file.example',
]

const table: Record<string, string | undefined> = {
  'https://git.example/': 'whole',
  'https://git.example/other/repo.git': 'whole',
  'https://git.example/org': 'org',
  'https://git.example/org/': 'org',
  'https://git.example/org/repo': 'org',
  'https://git.example/org/repo.git': 'repo',
  'https://git.example/org/repo.git/info': 'repo',
  'https://git.example/org/bare': 'bare',
  'https://git.example/org/bare.git': 'bare',
  'https://git.example/org/bare.git/info': 'org',
  'https://git.example/org/bare.gitx': 'org',
  'https://git.example/organisation': 'whole',
  'https://GIT.example:443/a': 'whole',
  'https://git.example:8443/org/repo.git': 'port',
  'https://git.example:9443/a': 'encoded',
  'http://git.example/org/a': 'plain',
  'https://other.example/a': 'na@me',
  'https://[::1]:8443/a': 'six',
  'https://a.git.example/a': undefined,
  'https://git.example.evil.net/a': undefined,
  'http://other.example/a': undefined,
  'https://git.example:1/a': undefined,
}

t.test('credentials are for one scheme, host and port, and the longest path wins', async (t) => {
  const { provider } = await fileOf(t, lines)
  for (const [url, username] of Object.entries(table)) {
    t.equal((await provider.authFor({ url }))?.username, username, url)
  }
  const found = await provider.authFor({ url: 'https://other.example/a' })
  t.strictSame(found, { username: 'na@me', token: 'p:/@ss+word' })
  const fromFile = await provider.authFor({ url: 'https://file.example/a' })
  t.equal(fromFile?.token, 't0ken', 'without the line end of the file that it was read from')
})

t.test('what git itself has stored is found', async (t) => {
  const { path, provider } = await fileOf(t, [])
  const input = 'protocol=http\nhost=127.0.0.1:8080\nusername=ro:bot\npassword=p@ss/wörd%\n\n'
  await gitWith('.', { input }, 'credential-store', '--file', path, 'store')
  t.strictSame(await provider.authFor({ url: 'http://127.0.0.1:8080/a.git' }), {
    username: 'ro:bot',
    token: 'p@ss/wörd%',
  })
})

t.test('a line that cannot be read is named by its number', async (t) => {
  const wrong = [
    'nonsense',
    'https://git.example',
    'https://S3CRET@git.example',
    'https://user:@git.example',
    'https://user:S3CRET@',
    'https://user:S3CRET%zz@git.example',
    'https://user:S3CRET@git.example?x',
    '# S3CRET',
  ]
  for (const line of wrong) {
    const message = 'line 2 is not of the form https://user:password@host'
    t.throws(() => parseCredentials(`https://a:b@c\n${line}\n`), { message }, line)
  }
})

t.test('they do not print themselves', async (t) => {
  const stored = parseCredentials('https://user:S3CRET@git.example')
  t.notMatch(
    inspect(stored, { depth: 9, showHidden: true }) + JSON.stringify(stored) + String(stored),
    'S3CRET',
  )
})

t.test('a side that brings credentials gets none of the stored ones, the other does', async (t) => {
  const auth = { username: 'robot', password: 'S3CRET' }
  const { source, target, request } = await stage(t, { source: { auth }, target: { auth } })
  await source.commit('main')
  const stored = [source, target].map(({ url }) => `http://robot:S3CRET@${new URL(url).host}`)
  const { provider } = await fileOf(t, stored)
  const client = new Client({ auth: provider })
  const error = await failureOf(client.sync(request({ auth: { source: { token: 'wrong' } } })))
  t.equal(error.code, 'source_unauthorized')
  await client.sync(request({ auth: { target: { username: 'robot', token: 'S3CRET' } } }))
  t.strictSame(await target.refs(), await source.refs())
})

t.test('a redirect to another origin gets what is stored for that, or nothing', async (t) => {
  const auth = { username: 'robot', password: 'S3CRET' }
  const { source, target: other } = await stage(t, { target: { auth } })
  const location = `${other.url}/info/refs?service=git-upload-pack`
  const { source: first } = await stage(t, {
    source: { handle: () => ({ type: 'respond', status: 302, headers: { location } }) },
  })
  await source.commit('main')
  const ask = async (lines: string[]) => {
    const client = new Client({ auth: (await fileOf(t, lines)).provider })
    return client.probe({ source: { url: first.url, followInfoRefsRedirect: true } })
  }
  const forFirst = `http://first:S3CRET@${new URL(first.url).host}`
  t.equal((await failureOf(ask([forFirst]))).code, 'source_unauthorized')
  t.strictSame(
    other.requests.map(({ headers }) => headers.authorization),
    [undefined],
    'what is stored for the first host stays there',
  )
  await ask([forFirst, `http://robot:S3CRET@${new URL(other.url).host}`])
})

t.test('stored credentials that a remote repeats do not reach a response or the log', async (t) => {
  const { source } = await stage(t, {
    source: {
      handle: ({ headers }) => ({
        type: 'respond',
        status: 403,
        headers: { 'content-type': 'text/plain' },
        body: `DENIED ${headers.authorization}, which is ${Buffer.from(headers.authorization?.slice(6) ?? '', 'base64')}`,
      }),
    },
  })
  const { provider } = await fileOf(t, [`http://robot:S3CRET@${new URL(source.url).host}`])
  const { lines, logger } = captureLog()
  const callers = () => parseCallers('ci:T0KEN')
  const { url } = await serveApp(t, { client: new Client({ auth: provider }), logger, callers })
  const headers = { 'content-type': 'application/json', authorization: 'Bearer T0KEN' }
  const body = JSON.stringify({ source: { url: source.url } })
  const response = await fetch(`${url}/probe`, { method: 'POST', headers, body })
  const answer = await response.text()
  t.match(answer, /source_unauthorized.*DENIED/s)
  const secret = Buffer.from('robot:S3CRET').toString('base64')
  for (const text of ['S3CRET', secret, 'T0KEN']) t.notMatch(answer + lines.join(''), text)
})
