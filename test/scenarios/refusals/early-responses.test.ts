import t from 'tap'
import { failureOf, stage } from '../../../testing/cases/stage.js'

// Of each kind: a race that is lost once in a hundred times shows only in many, as of GITSYNC_EARLY_ANSWERS=100.
const RUNS = Number(process.env.GITSYNC_EARLY_ANSWERS || 4)
const PACK = 800_000

for (const { status, code } of [
  { status: 413, code: 'pack_limit_exceeded' },
  { status: 401, code: 'target_unauthorized' },
]) {
  for (const close of [false, true]) {
    const how = close ? 'and hangs up' : 'and takes in the rest'
    t.test(
      `a ${status} while the body is still going out is told as such: target answers ${how}`,
      async (t) => {
        const { source, target, client, request } = await stage(t, {
          target: {
            handle: ({ kind }) =>
              kind === 'call' ? { type: 'limit-request', bytes: 100_000, status, close } : undefined,
          },
        })
        // One commit, which alone is over the limit.
        await source.bigHistory({ commits: 1, bytesPerCommit: PACK })
        const kept = await target.commit('kept')

        for (let run = 0; run < RUNS; run++) {
          const error = await failureOf(client.sync(request()))
          t.equal(error.code, code)
          t.match(error.message, `${status}`)
        }
        await target.server.idle()
        t.strictSame(await target.soundRefs(), { 'refs/heads/kept': kept })
      },
    )
  }
}

t.test(
  'a 401 before anything of the body was read, the connection being closed, is told as such',
  async (t) => {
    const { source, target, client, request } = await stage(t, {
      target: { handle: ({ kind }) => (kind === 'call' ? unauthorized : undefined) },
    })
    await source.bigHistory({ commits: 1, bytesPerCommit: PACK })

    for (let run = 0; run < RUNS / 2; run++) {
      t.equal((await failureOf(client.sync(request()))).code, 'target_unauthorized')
    }
    t.strictSame(await target.refs(), {})
  },
)

const unauthorized = { type: 'respond', status: 401, headers: { connection: 'close' } } as const

t.test('an early refusal ends the fetch too', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.bigHistory({ commits: 10, bytesPerCommit: 1_500_000 })
  target.server.intercept = (incoming, response, next) => {
    if (incoming.method === 'GET') return next()
    response.writeHead(403).end()
  }

  const error = await failureOf(client.sync(request()))

  t.equal(error.code, 'target_unauthorized')
  await source.server.idle()
  t.ok((source.requests.at(-1)?.responseBytes ?? 0) < 15_000_000, 'not all of it was fetched')
})
