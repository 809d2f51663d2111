import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { Agent } from 'undici'
import type { ClientOptions } from '../../../src/index.js'
import { stage } from '../../../testing/cases/stage.js'

/** Two runs that push and one that finds nothing to do: what came to the target, and over which of its connections. */
async function targetRequests(t: Test, options?: ClientOptions): Promise<string[]> {
  const sockets: Socket[] = []
  const seen: string[] = []
  const { source, client, request } = await stage(t, {
    target: {
      intercept: ({ method, socket }, _response, next) => {
        if (!sockets.includes(socket)) sockets.push(socket)
        seen.push(`${method} ${sockets.indexOf(socket)}`)
        next()
      },
    },
    ...(options && { client: options }),
  })
  for (const _ of [1, 2]) {
    await source.commit('main')
    await client.sync(request())
  }
  await client.sync(request())
  return seen
}

t.test('listings share a connection, pushes never use one that was used', async (t) => {
  t.strictSame(await targetRequests(t), ['GET 0', 'POST 1', 'GET 0', 'POST 2', 'GET 0'])
})

t.test('with one dispatcher for all, no connection to the target is used twice', async (t) => {
  const dispatcher = new Agent()
  t.teardown(() => dispatcher.close())
  const seen = await targetRequests(t, { dispatcher })
  t.strictSame(seen, ['GET 0', 'POST 1', 'GET 2', 'POST 3', 'GET 4'])
})
