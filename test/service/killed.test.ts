import { once } from 'node:events'
import t from 'tap'
import { stage } from '../../testing/cases/stage.js'
import { eventsOf, STREAM } from '../../testing/processes/served-app.js'
import { startService } from '../../testing/processes/service-process.js'

const LIMIT = 600_000

t.test(
  'a service that is killed in the middle of its steps: the next run sends what is missing',
  async (t) => {
    let pushes = 0
    let fourth = () => {}
    const begun = new Promise<void>((resolve) => (fourth = resolve))
    const { source, target, request } = await stage(t)
    target.server.intercept = (request, _response, next) => {
      if (request.method === 'POST' && request.url?.endsWith('/git-receive-pack') && ++pushes === 4) fourth()
      else next()
    }
    await source.bigHistory({ commits: 200, bytesPerCommit: 10_000 })
    const sync = ({ url }: { url: string }) =>
      fetch(`${url}/sync`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: STREAM },
        body: JSON.stringify(request({ options: { targetMaxPackBytes: LIMIT } })),
      })
    const settings = { GITSYNC_EGRESS_POLICY: 'any' }
    const first = await startService(t, settings)
    const answer = sync(first).then((response) => response.text())
    await begun
    const exit = once(first.child, 'close')
    first.child.kill('SIGKILL')
    await t.rejects(answer, 'the stream is truncated')
    await exit
    const left = Object.keys(await target.soundRefs())
    t.ok(left.length > 0 && left.every((ref) => ref.startsWith('refs/gitsync/')), 'what arrived is held')
    target.server.resetRequests()

    const events = await eventsOf(await sync(await startService(t, settings)))

    t.match(events.at(-1), { type: 'result' })
    t.strictSame(await target.soundRefs(), await source.refs())
    const sent = target.requests.reduce((sum, { requestBytes }) => sum + requestBytes, 0)
    t.ok(sent < 1_300_000, `${sent} of some 2,000,000 bytes`)
  },
)
