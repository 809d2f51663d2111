import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { type SideOptions, stage } from '../../testing/cases/stage.js'
import type { RequestInfo as ProxyRequest } from '../../testing/faults/proxy.js'
import type { Action } from '../../testing/faults/proxy-actions.js'
import { injecting, mapPackets } from '../../testing/faults/response-faults.js'
import { readPush } from '../../testing/packets/packets.js'
import { band, FLUSH, pkt } from '../../testing/packets/wire.js'
import { captureLog, DOCUMENT, STREAM, serveApp } from '../../testing/processes/served-app.js'

// Characters that base64 and URLs write otherwise.
const SOURCE_TOKEN = 'src-T0ken/with+odd=chars&100%'
const TARGET_TOKEN = 'tgt-S3cret?with+more/of~them;'
const auth = {
  source: { bearerToken: SOURCE_TOKEN, token: 'never-sent-T0ken' },
  target: { username: 'robot', token: TARGET_TOKEN },
}
const base64 = (text: string) => Buffer.from(text).toString('base64')

/** Every form in which a secret must not appear anywhere. */
const forms = [SOURCE_TOKEN, TARGET_TOKEN, auth.source.token].flatMap((token) => [
  token,
  encodeURIComponent(token),
  base64(token),
  base64(`robot:${token}`),
  base64(`git:${token}`),
])

/** The text of a remote that repeats everything it received. */
function echo({ source }: { source: boolean }): string {
  const token = source ? SOURCE_TOKEN : TARGET_TOKEN
  const header = source ? `Bearer ${token}` : `Basic ${base64(`robot:${token}`)}`
  return `DENIED Authorization: ${header}; token ${token}; ?access_token=${encodeURIComponent(token)}`
}

const text = { 'content-type': 'text/plain; charset=utf-8' }
/** A side that responds to requests of this kind with its echo. */
const refusing = (source: boolean, status: number, kindOf: 'info-refs' | 'call'): SideOptions => ({
  handle: ({ kind }) => {
    if (kind !== kindOf) return undefined
    return { type: 'respond', status, headers: text, body: echo({ source }) }
  },
})
/** A source whose pack comes through this stream. */
const packThrough = (transform: () => ReturnType<typeof mapPackets>): SideOptions => ({
  handle: ({ kind, index }) =>
    kind === 'call' && index === 1 ? { type: 'rewrite', transform: transform() } : undefined,
})
/** Text in two packets, split in the middle of the secret. */
function inTwo(number: 2 | 3, words: string) {
  const cut = words.indexOf(SOURCE_TOKEN) + 7
  return Buffer.concat([band(number, words.slice(0, cut)), band(number, `${words.slice(cut)}\n`)])
}
const whole = Buffer.concat([band(2, `${echo({ source: true })}\n`), inTwo(2, echo({ source: true }))])

/** Rewrites the report of the target's receive-pack, or adds text before it. */
const reportThrough = (change: (payload: Buffer) => Buffer): SideOptions => ({
  handle: ({ kind }) => {
    if (kind !== 'call') return undefined
    const transform = mapPackets(({ raw, payload }) => (payload === undefined ? raw : change(payload)))
    return { type: 'rewrite', transform }
  },
})
interface Echo {
  what: string
  source?: SideOptions
  target?: SideOptions
  code: string | undefined
}

const echoes: Echo[] = [
  { what: 'nothing but the token is sent', code: undefined },
  {
    what: 'the source refuses its listing',
    source: refusing(true, 403, 'info-refs'),
    code: 'source_unauthorized',
  },
  { what: 'the source fails', source: refusing(true, 500, 'call'), code: 'source_unavailable' },
  {
    what: 'the target has no such repository',
    target: refusing(false, 404, 'info-refs'),
    code: 'target_not_found',
  },
  { what: 'the target refuses the push', target: refusing(false, 403, 'call'), code: 'target_unauthorized' },
  {
    what: 'the target responds with a status that git does not know',
    target: refusing(false, 418, 'call'),
    code: 'target_protocol_error',
  },
  {
    what: 'the source talks in band 2',
    source: packThrough(() => injecting(whole, 'after-first-data')),
    code: undefined,
  },
  {
    what: 'the source fails in band 3',
    source: packThrough(() => injecting(band(3, echo({ source: true })), 'after-first-data')),
    code: 'source_protocol_error',
  },
  {
    what: 'the source fails with an ERR line',
    source: packThrough(() =>
      mapPackets(({ raw }, index) => (index === 0 ? pkt(`ERR ${echo({ source: true })}\n`) : raw)),
    ),
    code: 'source_protocol_error',
  },
  {
    what: 'the target talks in band 2',
    target: reportThrough((payload) =>
      Buffer.concat([band(2, `${echo({ source: false })}\n`), pkt(payload)]),
    ),
    code: undefined,
  },
  {
    what: 'the target gives it as its reason',
    target: { handle: refusal },
    code: 'ref_rejected',
  },
]

/** The report of a target that unpacks everything and moves nothing. */
async function refusal({ kind, body }: ProxyRequest): Promise<Action | undefined> {
  if (kind !== 'call') return undefined
  const reasons = readPush(await body()).commands.map(({ ref }) =>
    pkt(`ng ${ref} ${echo({ source: false })}\n`),
  )
  const report = Buffer.concat([pkt('unpack ok\n'), ...reasons, FLUSH])
  const headers = { 'content-type': 'application/x-git-receive-pack-result' }
  return { type: 'respond', status: 200, headers, body: Buffer.concat([band(1, report), FLUSH]) }
}

/** The scenario that is on. */
let now: Echo | undefined
const { source, target, client, request } = await stage(t, {
  source: { handle: (info) => now?.source?.handle?.(info), auth: { bearer: SOURCE_TOKEN } },
  target: {
    handle: (info) => now?.target?.handle?.(info),
    auth: { username: 'robot', password: TARGET_TOKEN },
  },
})

for (const [index, scenario] of echoes.entries()) {
  const { what, code } = scenario
  t.test(`no secret shows where ${what}`, async (t) => {
    now = scenario
    const { lines, logger } = captureLog()
    const { url, post } = await serveApp(t, { client, logger })
    const isEcho = scenario.source !== undefined || scenario.target !== undefined

    for (const accept of [STREAM, DOCUMENT]) {
      source.proxy?.resetRequests()
      await source.commit(`${index}-${accept === STREAM ? 'stream' : 'document'}`)
      const response = await post('/sync', request({ auth, collectStats: true }), accept)

      const answer = await response.text()
      t.match(answer, code === undefined ? /"applied":[1-9]/ : `"code":"${code}"`)
      if (isEcho && (code !== undefined || accept === STREAM)) {
        t.match(answer, /DENIED Authorization: .*\[redacted\]/, 'what the remote says is shown all the same')
      }
      const headers = [...response.headers].join('\n')
      const metrics = await (await fetch(`${url}/metrics`)).text()
      t.strictSame(leaksIn({ answer, headers, metrics, log: lines.join('') }), [])
    }
    t.ok(lines.length > 0, 'something was logged')
    t.ok(wereShown([...source.requests, ...target.requests]))
  })
}

/** Whether the remotes were shown what must not be shown elsewhere. */
function wereShown(requests: { headers: IncomingMessage['headers'] }[]): boolean {
  const shown = new Set(requests.map(({ headers }) => headers.authorization))
  return shown.has(`Bearer ${SOURCE_TOKEN}`) && shown.has(`Basic ${base64(`robot:${TARGET_TOKEN}`)}`)
}

function leaksIn(places: Record<string, string>): string[] {
  return Object.entries(places).flatMap(([place, text]) =>
    forms.filter((form) => text.includes(form)).map((form) => `${form} in the ${place}`),
  )
}

t.test('a request that is refused does not show the secrets in it', async (t) => {
  const { lines, logger } = captureLog()
  const { url, post } = await serveApp(t, { logger })
  const body = { source: { url: 'https://a.example/x' }, target: { url: 'https://b.example/x' }, auth }
  const withToken = (place: string) => `https://user:${encodeURIComponent(SOURCE_TOKEN)}@${place}/x`
  const refused: unknown[] = [
    { ...body, misspelled: true },
    { ...body, auth: { source: { ...auth.source, tokn: TARGET_TOKEN } } },
    { ...body, auth: { source: { token: [TARGET_TOKEN] } } },
    { ...body, auth: SOURCE_TOKEN },
    { ...body, source: { url: withToken('a.example') } },
    { ...body, source: { url: `https://a.example/x?access_token=${encodeURIComponent(SOURCE_TOKEN)}` } },
  ]
  const answers = refused.map(async (request) => {
    const response = await post('/sync', request)
    t.equal(response.status, 400)
    return response.text()
  })
  const unreadable = await fetch(`${url}/sync`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${SOURCE_TOKEN}` },
    body: JSON.stringify(body).slice(0, -1),
  })
  t.equal(unreadable.status, 400)
  const answer = [...(await Promise.all(answers)), await unreadable.text()].join('\n')
  t.strictSame(leaksIn({ answer, log: lines.join('') }), [])
})
