import t from 'tap'
import { watchHealth } from '../../soak/health.js'
import { hostileCases } from '../../testing/hostile/hostile-cases.js'
import { type HostileCase, serveHostile } from '../../testing/hostile/hostile-remotes.js'
import { startService } from '../../testing/processes/service-process.js'

// The cases are in support/hostile-cases.ts. GITSYNC_HOSTILE=each runs one after the other, each against a service of its own, and
// GITSYNC_HOSTILE=refs those whose names have that word: to find the one that takes long.

const which = process.env.GITSYNC_HOSTILE ?? ''
/** That it is bounded at all: other tests share the processor. What `npm run soak` prints is to be below 100. */
const LIMIT_MS = Number(process.env.GITSYNC_HOSTILE_LIMIT || 1_000)
const PATIENCE_MS = 8_000
const SETTINGS = {
  GITSYNC_EGRESS_POLICY: 'any',
  GITSYNC_MAX_CONCURRENT: '32',
  GITSYNC_STALL_TIMEOUT: '3s',
  GITSYNC_RUN_TIMEOUT: '4s',
}
const REFUSED = new Set(['invalid_request', 'payload_too_large'])

const groups =
  which === ''
    ? [hostileCases]
    : hostileCases.filter(({ name }) => which === 'each' || name.includes(which)).map((one) => [one])

t.setTimeout(groups.length * 60_000)
for (const group of groups) {
  const name = group.length === 1 ? String(group[0]?.name) : 'everything at once'
  t.test(`/healthz responds in time under attack: ${name}`, { timeout: 60_000 }, async (t) => {
    const served = await Promise.all(group.map((one) => serveHostile(one)))
    t.teardown(() => Promise.all(served.map(({ close }) => close())).then(() => {}))
    const { child, url, log } = await startService(t, SETTINGS)
    let exit: string | undefined
    child.once('exit', (status, signal) => (exit = String(status ?? signal)))
    const health = watchHealth(url, 5)

    const outcomes = await Promise.all(group.map((one, i) => attack(url, one, served[i]?.body ?? {})))

    const { p50, p99, max, count } = await health.stop()
    t.comment(
      `/healthz ${count} times: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms`,
    )
    for (const [i, outcome] of outcomes.entries()) {
      t.comment(`${group[i]?.name}: ${outcome}`)
      t.not(outcome, 'internal', 'no bug of its own')
      t.not(outcome, 'no response', 'it ends')
    }
    t.equal(exit, undefined, 'the service is still there')
    t.ok(max < LIMIT_MS, `${max.toFixed(0)} ms`)
    t.notOk(
      log.find(({ level }) => level >= 50),
      'no error is logged',
    )
  })
}

/** `ok`, the code of the problem, or what became of the connection. */
async function attack(url: string, { path }: HostileCase, body: object): Promise<string> {
  const headers = { 'content-type': 'application/json', accept: 'application/json' }
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal,
    })
    const text = await response.text()
    if (response.status === 200) return 'ok'
    const { code } = JSON.parse(text) as { code: string }
    return REFUSED.has(code) && text.length > 100_000 ? `${code}, of ${text.length} bytes` : code
  } catch (error) {
    return (error as Error).name === 'TimeoutError' ? 'no response' : `broken: ${(error as Error).message}`
  }
}
