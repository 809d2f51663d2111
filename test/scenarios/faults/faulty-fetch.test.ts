import t from 'tap'
import { copyRefs, failureOf, stage } from '../../../testing/cases/stage.js'
import type { Action } from '../../../testing/faults/proxy-actions.js'
import {
  corruptPack,
  cutEnd,
  injecting,
  withoutEnd,
  withoutLastData,
} from '../../../testing/faults/response-faults.js'
import { band, pkt } from '../../../testing/packets/wire.js'

const result = { 'content-type': 'application/x-git-upload-pack-result' }
const respond = (body: string | Buffer, headers: Record<string, string> = result): Action => ({
  type: 'respond',
  status: 200,
  headers,
  body,
})
const preamble = { v1: '0008NAK\n', v2: '000dpackfile\n' }

interface Fault {
  name: string
  action: (protocol: 'v1' | 'v2') => Action
  code: string
  message?: RegExp
}

const faults: Fault[] = [
  {
    name: 'cuts the connection in the middle of the pack',
    action: () => ({ type: 'cut-response', after: 100_000 }),
    code: 'source_unreachable',
  },
  {
    name: 'cuts the connection before a single byte',
    action: () => ({ type: 'cut-response', after: 0 }),
    code: 'source_unreachable',
  },
  {
    name: 'ends its answer in good order in the middle of the pack',
    action: () => ({ type: 'end-response', after: 100_000 }),
    code: 'source_protocol_error',
    message: /truncated|ends/,
  },
  {
    name: 'ends its answer in good order before any pack',
    action: (protocol) => ({ type: 'end-response', after: preamble[protocol].length }),
    code: 'source_protocol_error',
  },
  {
    name: 'answers 200 with nothing at all',
    action: () => respond(''),
    code: 'source_protocol_error',
  },
  {
    name: 'ends its answer in good order without the final flush',
    action: () => ({ type: 'rewrite', transform: withoutEnd(4) }),
    code: 'source_protocol_error',
    message: /flush/,
  },
  {
    name: 'ends its answer in good order one byte early',
    action: () => ({ type: 'rewrite', transform: withoutEnd(1) }),
    code: 'source_protocol_error',
  },
  {
    name: 'reports a fatal error on band 3 in the middle of the pack',
    action: () => ({
      type: 'rewrite',
      transform: injecting(band(3, 'the disk is on fire'), 'after-first-data'),
    }),
    code: 'source_protocol_error',
    message: /the disk is on fire/,
  },
  {
    name: 'reports a fatal error on band 3 when the whole pack is through',
    action: () => ({ type: 'rewrite', transform: injecting(band(3, 'aborting'), 'before-flush') }),
    code: 'source_protocol_error',
    message: /aborting/,
  },
  {
    name: 'ends with a fatal error where the flush should be',
    action: () => ({ type: 'rewrite', transform: injecting(band(3, 'too late'), 'for-flush') }),
    code: 'source_protocol_error',
    message: /too late/,
  },
  {
    name: 'uses a band that does not exist',
    action: () => ({ type: 'rewrite', transform: injecting(band(3, '').fill(7, 4), 'after-first-data') }),
    code: 'source_protocol_error',
  },
  {
    name: 'answers with an ERR line',
    action: () => respond(pkt('ERR upload-pack: out of order\n')),
    code: 'source_protocol_error',
    message: /out of order/,
  },
  {
    name: 'answers with a fatal error before the pack',
    action: (protocol) =>
      respond(Buffer.concat([Buffer.from(preamble[protocol]), band(3, 'no memory left')])),
    code: 'source_protocol_error',
    message: /no memory left/,
  },
  {
    name: 'answers with garbage',
    action: () => respond('Segmentation fault (core dumped)\n'),
    code: 'source_protocol_error',
  },
  {
    name: 'sends something that is not a pack',
    action: (protocol) =>
      respond(Buffer.concat([Buffer.from(preamble[protocol]), band(1, 'KCAP'.repeat(99))])),
    code: 'source_protocol_error',
  },
  {
    name: 'answers with a login page',
    action: () => respond('<html>please log in</html>', { 'content-type': 'text/html' }),
    code: 'source_protocol_error',
    message: /text\/html.*login/s,
  },
  {
    name: 'loses the end of the pack, all else being in good order',
    action: () => ({ type: 'rewrite', transform: withoutLastData() }),
    code: 'target_protocol_error',
    message: /unpack/,
  },
  {
    name: 'sends a damaged pack',
    action: () => ({ type: 'rewrite', transform: corruptPack() }),
    code: 'target_protocol_error',
    message: /unpack/,
  },
]

for (const protocol of ['v1', 'v2'] as const) {
  t.test(`${protocol}: whatever a source does to a fetch, the target stays as it was`, async (t) => {
    // The calls before are the listing over v2, and the proof.
    const fetch = protocol === 'v1' ? 1 : 2
    let action: Fault['action'] | undefined
    const on = await stage(t, {
      source: {
        protocol,
        handle: ({ kind, index }) => (kind === 'call' && index >= fetch ? action?.(protocol) : undefined),
      },
    })
    const before = await prepare(on)

    for (const fault of faults) {
      await t.test(`a source that ${fault.name}`, async (t) => {
        action = fault.action
        on.source.proxy?.resetRequests()

        const error = await failureOf(on.client.sync(on.request({ policy: { includeTags: true } })))

        t.equal(error.code, fault.code)
        if (fault.message) t.match(error.message, fault.message)
        t.equal(error.result?.counts.applied, 0)
        t.match(error.result?.refs, [
          { targetRef: 'refs/heads/main', action: 'block' },
          { targetRef: 'refs/heads/new', action: 'block' },
          { targetRef: 'refs/tags/v1', action: 'skip' },
        ])
        await on.target.server.idle()
        t.strictSame(await on.target.soundRefs(), before)
      })
    }
    await t.test('a source that breaks off one byte before its end', async (t) => {
      action = undefined
      let calls = 0
      on.source.server.intercept = (request, response, next) => {
        if (request.method === 'POST' && calls++ === fetch) cutEnd(response, 1)
        next()
      }

      const error = await failureOf(
        on.client.sync(on.request({ source: { url: on.source.server.url('repository.git') } })),
      )

      t.equal(error.code, 'source_unreachable')
      await on.target.server.idle()
      t.strictSame(await on.target.soundRefs(), before)
    })
  })
}

t.test('after any of these the next run brings the target up to date', async (t) => {
  let isBroken = true
  const on = await stage(t, {
    source: {
      handle: ({ kind, index }) =>
        isBroken && kind === 'call' && index === 2 ? { type: 'end-response', after: 100_000 } : undefined,
    },
  })
  await prepare(on)
  await failureOf(on.client.sync(on.request()))
  isBroken = false

  await on.client.sync(on.request())

  t.match(await on.target.soundRefs(), await on.source.refs())
})

/** A target that lags behind, with a ref of its own, and a pack of some size to come. */
async function prepare({ source, target }: Awaited<ReturnType<typeof stage>>) {
  const first = await source.commit('main')
  await source.tag('v1', first, { annotated: true })
  await copyRefs(source, target)
  await target.commit('theirs')
  const before = await target.refs()
  await source.bigHistory({ commits: 6, bytesPerCommit: 60_000, branches: 2 })
  const [main, extra] = [await source.head('main'), await source.head('branch-1')]
  await source.delete('branch-1')
  await source.branch('main', first)
  await source.commit('main', { parents: [first, main, extra] })
  await source.commit('new', { parents: [extra] })
  return before
}
