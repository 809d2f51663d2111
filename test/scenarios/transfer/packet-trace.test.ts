import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { TracedPacket } from '../../../src/index.js'
import { copyRefs, stage } from '../../../testing/cases/stage.js'
import { injecting } from '../../../testing/faults/response-faults.js'
import { band } from '../../../testing/packets/wire.js'
import { gitSync } from '../../../testing/processes/command.js'
import { captureLog, DOCUMENT, serveApp } from '../../../testing/processes/served-app.js'
import { startService } from '../../../testing/processes/service-process.js'
import { temporaryFolder } from '../../../testing/temporary-folder.js'

const lineOf = ({ side, service, direction, text }: TracedPacket) =>
  `${side} ${service}${direction === 'sent' ? '>' : '<'} ${text}`

for (const protocol of ['v1', 'v2'] as const) {
  t.test(`${protocol}: a sync, packet by packet`, async (t) => {
    const { source, target, client, request } = await stage(t)
    const below = await source.commit('main')
    await copyRefs(source, target)
    const tip = await source.commit('main')
    const lines: string[] = []
    await client.sync(request({ policy: { protocol: protocol === 'v1' ? 'v1' : 'auto' } }), {
      onPacket: (packet) => lines.push(lineOf(packet)),
    })

    // Both sides list at once.
    const listings = [
      protocol === 'v1' ? `source fetch< ${tip} HEAD\\0` : 'source fetch< version 2',
      `target push< ${below} refs/heads/main\\0`,
    ]
    const expected = [
      `source fetch> want ${tip}`,
      `source fetch> have ${below}`,
      'source fetch> done',
      'source fetch< PACK ...',
      `target push> ${below} ${tip} refs/heads/main\\0`,
      'target push> 0000',
      'target push> PACK ...',
      'target push< unpack ok',
      'target push< ok refs/heads/main',
    ]
    const firsts = listings.map((start) => lines.findIndex((line) => line.startsWith(start)))
    for (const [index, start] of listings.entries()) t.ok((firsts[index] ?? -1) >= 0, start)
    let at = Math.max(...firsts)
    for (const start of expected) {
      const found = lines.findIndex((line, index) => line.startsWith(start) && index > at)
      t.ok(found >= 0, start)
      // A pack goes out while it comes in.
      if (!start.includes('PACK')) at = Math.max(at, found)
    }
    const count = (text: string) => lines.filter((line) => line === text).length
    t.equal(count('target push> PACK ...'), 1)
    t.equal(count('source fetch< PACK ...'), count('source fetch> done'), 'once for each pack')
    t.equal((await target.refs())['refs/heads/main'], tip)
  })
}

t.test('a secret that a remote echoes is not in it, nor a long or dangerous line', async (t) => {
  const token = 's3cret-T0KEN-of-the-source'
  const basic = Buffer.from(`git:${token}`).toString('base64')
  const said = band(2, `you sent ${token.slice(0, 9)}`)
  const more = band(2, `${token.slice(9)} and ${basic}\n\u001b[31m${'x'.repeat(5000)}\n`)
  const { source, client, request, target } = await stage(t, {
    source: {
      handle: ({ kind }) =>
        kind === 'call'
          ? { type: 'rewrite', transform: injecting(Buffer.concat([said, more]), 'after-first-data') }
          : undefined,
    },
  })
  await target.hook('pre-receive', `echo "hook saw ${token}" >&2`)
  await source.commit('main')
  const lines: string[] = []
  await client.sync(request({ auth: { source: { token }, target: { token } } }), {
    onPacket: (packet) => lines.push(lineOf(packet)),
  })
  const all = lines.join('\n')
  t.match(all, /^source fetch< sideband 2: you sent \[redacted\] and \[redacted\]$/m)
  t.match(all, /^target push< sideband 2: hook saw \[redacted\]$/m)
  for (const secret of [token, basic]) t.notMatch(all.replaceAll('\n', ''), secret)
  t.match(all, /sideband 2: {1,2}\[31mx{900,}…$/m)
  t.ok(lines.every((line) => line.length < 1100 && !line.includes('\u001b')))
})

t.test('the command line traces where the variable says, and only there', async (t) => {
  const { source, target } = await stage(t)
  await source.commit('main')
  const args = ['plan', source.url, target.url]
  const file = join(await temporaryFolder(t), 'trace')
  const PACKET = /^\S+Z source fetch> want|^\S+Z source fetch> command=ls-refs$/m
  t.notMatch((await gitSync(args)).stderr, PACKET)
  t.match((await gitSync(args, { env: { GITSYNC_TRACE_PACKET: '1' } })).stderr, PACKET)
  const traced = await gitSync(args, { env: { GITSYNC_TRACE_PACKET: file } })
  t.notMatch(traced.stderr, PACKET)
  t.match(await readFile(file, 'utf8'), PACKET)
  t.match(await gitSync(args, { env: { GITSYNC_TRACE_PACKTE: '1' } }), {
    status: 2,
    stderr: /did you mean GITSYNC_TRACE_PACKET\?/,
  })
})

t.test('in a service each line has the id that the log has', async (t) => {
  const { source, request } = await stage(t)
  await source.commit('main')
  const log = captureLog()
  const runs = new Set<string>()
  const { post } = await serveApp(t, { logger: log.logger, onPacket: (_, run) => runs.add(run) })
  await post('/plan', request(), DOCUMENT)
  const logged = log.lines.flatMap((line) => (line.includes('run ended') ? JSON.parse(line).reqId : []))
  t.same([...runs], logged)
})

t.test('the service reads the variable', async (t) => {
  const { source, request } = await stage(t)
  await source.commit('main')
  const file = join(await temporaryFolder(t), 'trace')
  const settings = { GITSYNC_TRACE_PACKET: file, GITSYNC_EGRESS_POLICY: 'any' }
  const { url } = await startService(t, settings)
  const headers = { 'content-type': 'application/json', accept: DOCUMENT }
  await fetch(`${url}/plan`, { method: 'POST', headers, body: JSON.stringify(request()) })
  t.match(await readFile(file, 'utf8'), /^\S+Z [\da-f-]{36} source fetch> command=ls-refs$/m)
})
