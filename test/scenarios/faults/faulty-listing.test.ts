import t from 'tap'
import { at, copyRefs, failureOf, stage } from '../../../testing/cases/stage.js'
import type { RequestInfo } from '../../../testing/faults/proxy.js'
import type { Action } from '../../../testing/faults/proxy-actions.js'
import { withoutEnd, withoutLineFeeds } from '../../../testing/faults/response-faults.js'
import { DELIM, FLUSH, pkt } from '../../../testing/packets/wire.js'

const services = { source: 'git-upload-pack', target: 'git-receive-pack' } as const

interface Step {
  name: string
  side: 'source' | 'target'
  protocol: 'v1' | 'v2'
  contentType: string
  isIt: (info: RequestInfo) => boolean
}

const listing = (side: 'source' | 'target', protocol: 'v1' | 'v2'): Step => ({
  name: `${side}’s advertisement (${protocol})`,
  side,
  protocol,
  contentType: `application/x-${services[side]}-advertisement`,
  isIt: ({ kind }) => kind === 'info-refs',
})
const call = (name: string, index: number): Step => ({
  name: `source’s ${name}`,
  side: 'source',
  protocol: 'v2',
  contentType: 'application/x-git-upload-pack-result',
  isIt: (info) => info.kind === 'call' && info.index >= index,
})
const steps = [
  listing('source', 'v1'),
  listing('source', 'v2'),
  listing('target', 'v2'),
  call('list of refs', 0),
  call('proof', 1),
]

const faults: { name: string; action: (step: Step) => Action; reset?: boolean }[] = [
  { name: 'is cut', action: () => ({ type: 'cut-response', after: 30 }), reset: true },
  { name: 'ends in the middle of a packet', action: () => ({ type: 'end-response', after: 7 }) },
  { name: 'ends in the middle of a packet’s length', action: () => ({ type: 'end-response', after: 2 }) },
  { name: 'lacks its last flush', action: () => ({ type: 'rewrite', transform: withoutEnd(4) }) },
  { name: 'is empty', action: (step) => answer(step, '') },
  { name: 'is an ERR line', action: (step) => answer(step, pkt('ERR repository is being moved\n')) },
  { name: 'is garbage', action: (step) => answer(step, 'Internal error. Sorry!\n') },
  {
    name: 'is made of packets of garbage',
    action: (step) => answer(step, Buffer.concat([pkt('x\n'), FLUSH])),
  },
  {
    name: 'has a delimiter where none belongs',
    action: (step) => answer(step, Buffer.concat([DELIM, DELIM, FLUSH])),
  },
  {
    name: 'is a login page',
    action: () => ({
      type: 'respond',
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: '<html>',
    }),
  },
  {
    name: 'has no content type',
    action: () => ({ type: 'respond', status: 200, body: 'nothing to see' }),
  },
]

for (const step of steps) {
  t.test(`whatever is wrong with the ${step.name}, the target stays as it was`, async (t) => {
    let action: Action | undefined
    const on = await stage(
      t,
      at(step.side, { protocol: step.protocol, handle: (info) => (step.isIt(info) ? action : undefined) }),
    )
    const { source, target, client, request } = on
    await source.commit('main')
    await copyRefs(source, target)
    await target.commit('theirs')
    const before = await target.refs()
    await source.commit('main')
    for (const fault of faults) {
      action = fault.action(step)
      on[step.side].proxy?.resetRequests()

      const error = await failureOf(client.sync(request()))

      // A cut is told from an answer that ended badly only where HTTP tells them apart.
      const code = fault.reset ? /_(?:unreachable|protocol_error)$/ : /_protocol_error$/
      t.match(error.code, code, `it ${fault.name}`)
      t.match(error.code, step.side)
      if (fault.name === 'is an ERR line') t.match(error.message, /repository is being moved/)
      if (fault.name === 'is a login page') t.match(error.message, /login page/)
      t.strictSame(await target.refs(), before)
    }
    t.notOk(target.requests.some(({ method }) => method === 'POST'))
    await target.soundRefs()
  })
}

for (const protocol of ['v1', 'v2'] as const) {
  t.test(`${protocol}: text without line feeds is understood everywhere`, async (t) => {
    const handle = ({ kind }: RequestInfo): Action | undefined =>
      kind === 'info-refs' ? { type: 'rewrite', transform: withoutLineFeeds() } : undefined
    const sourceHandle = ({ kind, index }: RequestInfo): Action | undefined =>
      kind === 'info-refs' || (protocol === 'v2' && index === 0)
        ? { type: 'rewrite', transform: withoutLineFeeds() }
        : undefined
    const { source, target, client, request } = await stage(t, {
      source: { protocol, handle: sourceHandle },
      target: { handle },
    })
    const first = await source.addCommits('main', 3)
    await source.tag('v1', first, { annotated: true })
    const policy = { includeTags: true }

    const result = await client.sync(request({ policy }))

    t.equal(result.execution.sourceHead, 'refs/heads/main')
    t.strictSame(await target.soundRefs(), await source.refs())
    await source.addCommits('main', 3)
    await client.sync(request({ policy }))
    t.strictSame(await target.soundRefs(), await source.refs())
  })
}

t.test('an advertisement of the wrong service is refused', async (t) => {
  const { source, target, client, request } = await stage(t, {
    target: {
      handle: ({ kind }) =>
        kind === 'info-refs'
          ? {
              type: 'pass',
              headers: { 'content-type': 'application/x-git-upload-pack-advertisement' },
            }
          : undefined,
    },
  })
  await source.commit('main')

  const error = await failureOf(client.sync(request()))

  t.equal(error.code, 'target_protocol_error')
  t.strictSame(await target.refs(), {})
})

function answer({ contentType }: Step, body: string | Buffer): Action {
  return { type: 'respond', status: 200, headers: { 'content-type': contentType }, body }
}
