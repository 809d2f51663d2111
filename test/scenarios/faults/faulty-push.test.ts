import type { IncomingMessage, ServerResponse } from 'node:http'
import t from 'tap'
import { actionsOf, copyRefs, failureOf, type Stage, stage } from '../../../testing/cases/stage.js'
import type { RequestInfo } from '../../../testing/faults/proxy.js'
import type { Action } from '../../../testing/faults/proxy-actions.js'
import { replacedBy } from '../../../testing/faults/response-faults.js'
import { band, FLUSH, pkt } from '../../../testing/packets/wire.js'

const result = { 'content-type': 'application/x-git-receive-pack-result' }

type Intercept = (request: IncomingMessage, response: ServerResponse) => void

/** Takes the whole request and hands it to nobody. */
const swallow = (answer: (response: ServerResponse) => void): Intercept => {
  return (request, response) => void request.resume().once('end', () => answer(response))
}
const say = (body: string | Buffer, status = 200, headers: Record<string, string> = result) =>
  swallow((response) => response.writeHead(status, headers).end(body))

/** The target does nothing, in one way or another. */
const idlers: { name: string; intercept?: Intercept; action?: Action; code: string; retryAfter?: number }[] =
  [
    {
      name: 'drops the connection before it has read anything',
      intercept: (_request, response) => void response.destroy(),
      code: 'target_unreachable',
    },
    {
      name: 'drops the connection in the middle of the upload',
      action: { type: 'cut-request', after: 150_000 },
      code: 'target_unreachable',
    },
    {
      name: 'drops the connection when it has everything, and does nothing',
      intercept: swallow((response) => response.destroy()),
      code: 'target_unreachable',
    },
    {
      name: 'answers with a login page when it has everything',
      intercept: say('<html>', 200, { 'content-type': 'text/html' }),
      code: 'target_protocol_error',
    },
    {
      name: 'answers with a login page at once',
      intercept: (_request, response) =>
        void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      code: 'target_protocol_error',
    },
    { name: 'answers with garbage', intercept: say('Out of memory!\n'), code: 'target_protocol_error' },
    { name: 'answers with nothing', intercept: say(''), code: 'target_protocol_error' },
    {
      name: 'answers with an ERR line',
      intercept: say(pkt('ERR this repository is being moved\n')),
      code: 'target_protocol_error',
    },
    {
      name: 'answers with an ERR line that sounds like a refused want',
      intercept: say(pkt('ERR repository not found\n')),
      code: 'target_protocol_error',
    },
    {
      name: 'answers with a fatal error on band 3',
      intercept: say(Buffer.concat([band(3, 'no space left'), FLUSH])),
      code: 'target_protocol_error',
    },
    {
      name: 'answers with half a report',
      intercept: say(Buffer.concat([band(1, pkt('unpack ok\n').subarray(0, 9))])),
      code: 'target_protocol_error',
    },
    { name: 'answers 500', intercept: say('oops', 500, {}), code: 'target_unavailable' },
    {
      name: 'answers 503 and when to come back',
      intercept: say('later', 503, { 'retry-after': '30' }),
      code: 'target_unavailable',
      retryAfter: 30,
    },
    {
      name: 'answers 403 when it has everything',
      intercept: say('no', 403, {}),
      code: 'target_unauthorized',
    },
    {
      name: 'says that it could not unpack, without a line for any ref',
      intercept: say(report('unpack the disk is full\n')),
      code: 'target_protocol_error',
    },
  ]

t.test('a target that does nothing in the end: nothing has moved, and that is what is said', async (t) => {
  let action: Action | undefined
  const on = await stage(t, {
    target: { handle: ({ kind }) => (kind === 'call' ? action : undefined) },
  })
  const before = await prepare(on)
  const everything = { includeTags: true, prune: true }

  for (const idler of idlers) {
    await t.test(`a target that ${idler.name}`, async (t) => {
      action = idler.action
      on.target.server.intercept = (request, response, next) => {
        if (request.method === 'POST' && idler.intercept) idler.intercept(request, response)
        else next()
      }
      on.target.server.resetRequests()

      const error = await failureOf(on.client.sync(on.request({ policy: everything })))

      t.equal(error.code, idler.code)
      t.equal(error.retryAfter, idler.retryAfter)
      t.strictSame(error.result?.counts, { applied: 0, skipped: 1, blocked: 4, deleted: 0, warned: 0 })
      await on.target.server.idle()
      t.strictSame(await on.target.soundRefs(), before)
    })
  }

  await t.test('and the next run brings everything', async (t) => {
    action = undefined
    on.target.server.intercept = undefined
    await on.client.sync(on.request({ policy: everything }))
    t.strictSame(await on.target.soundRefs(), await on.source.refs())
  })
})

t.test('an answer that sounds like a refused want does not send a push out again', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.commit('main')
  target.server.intercept = (incoming, response, next) => {
    if (incoming.method === 'POST') say(pkt('ERR repository not found\n'))(incoming, response)
    else next()
  }

  const error = await failureOf(client.sync(request()))

  t.equal(error.code, 'target_protocol_error')
  t.equal(target.requests.filter(({ method }) => method === 'POST').length, 1)
})

/** The target does all of it, and its answer goes astray. */
const strays: Record<string, Action> = {
  'is lost': { type: 'lose-response' },
  'is a login page': { type: 'rewrite', transform: replacedBy('<html>') },
  'is empty': { type: 'rewrite', transform: replacedBy('') },
  'is garbage': { type: 'rewrite', transform: replacedBy('Guru Meditation') },
  'is an ERR line': { type: 'rewrite', transform: replacedBy(pkt('ERR timeout in the last hook')) },
  'is a fatal error': { type: 'rewrite', transform: replacedBy(band(3, 'timeout in the last hook')) },
  'ends in the middle of the report': {
    type: 'rewrite',
    transform: replacedBy(report('unpack ok\n', 'ok refs/heads/main\n').subarray(0, 30)),
  },
  'lacks some of the refs': {
    type: 'rewrite',
    transform: replacedBy(report('unpack ok\n', 'ok refs/heads/main\n')),
  },
}

for (const [name, action] of Object.entries(strays)) {
  t.test(`a target that takes everything and whose answer ${name}: its refs tell of success`, async (t) => {
    const on = await stage(t, { target: { handle: ({ kind }) => (kind === 'call' ? action : undefined) } })
    await prepare(on)

    const { counts } = await on.client.sync(on.request({ policy: { includeTags: true, prune: true } }))

    t.strictSame(counts, { applied: 3, skipped: 1, blocked: 0, deleted: 1, warned: 0 })
    t.strictSame(await on.target.soundRefs(), await on.source.refs())
    t.equal(on.target.requests.filter(({ method }) => method === 'POST').length, 1)
  })
}

t.test('a push of deletes alone whose answer is lost is looked up too', async (t) => {
  const on = await stage(t, { target: { handle: lose } })
  await on.source.commit('main')
  await on.source.commit('old')
  await copyRefs(on.source, on.target)
  await on.source.delete('old')

  const { counts } = await on.client.sync(on.request({ policy: { prune: true } }))

  t.match(counts, { deleted: 1, skipped: 1 })
  t.strictSame(await on.target.soundRefs(), await on.source.refs())
})

t.test('a push without objects whose answer is lost is looked up too', async (t) => {
  const on = await stage(t, { target: { handle: lose } })
  await on.source.commit('main')
  await copyRefs(on.source, on.target)
  await on.source.branch('again', await on.source.head('main'))

  const { counts } = await on.client.sync(on.request())

  t.match(counts, { applied: 1, skipped: 1 })
  t.strictSame(await on.target.soundRefs(), await on.source.refs())
})

t.test('an answer that is lost although a hook has refused some: each ref is told by itself', async (t) => {
  const on = await stage(t, { target: { handle: lose } })
  await on.source.commit('main')
  await on.source.commit('locked')
  await on.target.hook('update', 'test "$1" != refs/heads/locked')

  const error = await failureOf(on.client.sync(on.request()))

  t.strictSame(actionsOf(error.result), { 'refs/heads/locked': 'block', 'refs/heads/main': 'create' })
  t.match(error.result?.counts, { applied: 1, blocked: 1 })
  const { 'refs/heads/locked': _, ...others } = await on.source.refs()
  t.strictSame(await on.target.soundRefs(), others)
})

t.test('an answer that is lost and a target that then is gone: the first failure is told', async (t) => {
  const on = await stage(t, {
    client: { stallTimeout: 1_000 },
    target: {
      handle: (info) =>
        info.kind === 'info-refs' && info.index > 0 ? { type: 'respond', status: 500 } : lose(info),
    },
  })
  await on.source.commit('main')

  const error = await failureOf(on.client.sync(on.request()))

  t.equal(error.code, 'target_unreachable')
  t.strictSame(actionsOf(error.result), { 'refs/heads/main': 'block' })
})

function lose({ kind }: RequestInfo): Action | undefined {
  return kind === 'call' ? { type: 'lose-response' } : undefined
}

/** A report as it comes, on band 1. */
function report(...lines: string[]): Buffer {
  return Buffer.concat([band(1, Buffer.concat([...lines.map((line) => pkt(line)), FLUSH])), FLUSH])
}

/** An update, a create, a tag, a delete and a ref that stays, and a pack of some size. */
async function prepare({ source, target }: Stage) {
  const first = await source.commit('main')
  await source.branch('still', first)
  await source.branch('old', first)
  await copyRefs(source, target)
  const before = await target.refs()
  await source.delete('old')
  await source.bigHistory({ commits: 5, bytesPerCommit: 80_000, branches: 2 })
  const [main, extra] = [await source.head('main'), await source.head('branch-1')]
  await source.delete('branch-1')
  await source.branch('main', first)
  const tip = await source.commit('main', { parents: [first, main] })
  await source.branch('new', extra)
  await source.tag('v1', tip, { annotated: true })
  return before
}
