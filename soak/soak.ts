import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cleanup } from '../testing/cleanup.js'
import { fsck } from '../testing/git/git.js'
import { numberFromEnv, runProgram, usageStatus } from '../testing/program.js'
import { Random } from '../testing/random.js'
import { removeFolder, temporaryFolder } from '../testing/temporary-folder.js'
import { call, type RunResponse } from './caller.js'
import { type Case, drawCase } from './draw.js'
import { watchHealth } from './health.js'
import { Lane, PASSWORDS } from './lane.js'
import { watchMemory } from './memory.js'
import { makePool, type Pool } from './pool.js'
import { Report } from './report.js'
import { Service, TOKENS } from './service.js'
import { untruths } from './truth.js'

const USAGE = `npm run soak

Syncs under faults through the real service, and checks what it says against what the targets have.

  GITSYNC_SOAK_RUNS=2000   how many
  GITSYNC_SOAK_SEED=1      what decides the faults
`

const LANES = 6
const RUN_ENDS_MS = 20_000
/** A caller that has gone may be noticed a little later. */
const LATE_START_MS = 500
/** Pipelined runs begin one after the other: what is left of them must not be taken for a later run's doing. */
const QUIET_MS = { usual: 60, pipeline: 1_500 }
// Far longer than git takes on a busy machine: a timeout is to be a fault's doing.
const SETTINGS = { GITSYNC_MAX_CONCURRENT: '8', GITSYNC_STALL_TIMEOUT: '5s', GITSYNC_RUN_TIMEOUT: '180s' }

/** Runs the cases, prints the figures, and gives the exit status. */
async function main(): Promise<number> {
  const status = usageStatus(USAGE)
  if (status !== undefined) return status
  const [runs, seed] = [setting('RUNS', 2_000), setting('SEED', 1)]
  const cleanup = new Cleanup()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void cleanup.run().finally(() => process.exit(130)))
  }
  try {
    const report = await soak(cleanup, runs, seed)
    process.stdout.write(report.print())
    return report.holds ? 0 : 1
  } finally {
    await cleanup.run()
  }
}

async function soak(cleanup: Cleanup, runs: number, seed: number): Promise<Report> {
  const root = await temporaryFolder()
  cleanup.add(() => removeFolder(root))
  const spool = join(root, 'spool')
  await mkdir(spool)
  const pool = await makePool(join(root, 'pool.git'), seed)
  const lanes = await Promise.all(
    Array.from({ length: Math.min(LANES, runs) }, (_, i) =>
      Lane.open(cleanup, join(root, `lane-${i}`), pool),
    ),
  )
  const service = await Service.start(cleanup, { ...SETTINGS, GITSYNC_SPOOL_DIR: spool })
  const report = new Report(runs, seed, [...TOKENS, ...Object.values(PASSWORDS)])
  await service.metrics()
  report.before = await service.holdings()
  const memory = watchMemory(service, () => report.count / runs)
  const health = watchHealth(service.url)
  const share = Math.ceil(runs / lanes.length)
  await Promise.all(
    lanes.map((lane, i) =>
      soakLane({ lane, pool, service, report, seed, from: i * share, to: Math.min(runs, (i + 1) * share) }),
    ),
  )
  report.latencies = await health.stop()
  report.quarters = memory.stop()
  await Promise.all(lanes.map((lane) => lane.close()))
  report.after = await settledHoldings(service, report.before)
  const metrics = await service.metrics()
  report.left = {
    'runs at work': metrics('gitsync_runs_active'),
    'runs in the queue': metrics('gitsync_runs_queued'),
    'spooled files': (await readdir(spool)).length,
  }
  report.exit = await service.stop()
  report.log = service.log
  for (const lane of lanes) {
    for (const dir of await lane.targets()) {
      const damage = await fsck(dir).then(
        () => undefined,
        (error: Error) => error.message,
      )
      report.checked(dir, damage)
    }
  }
  return report
}

interface Shift {
  lane: Lane
  pool: Pool
  service: Service
  report: Report
  seed: number
  from: number
  to: number
}

/** One case after the other; each depends on the seed and on what the one before has left at the source. */
async function soakLane({ lane, pool, service, report, seed, from, to }: Shift): Promise<void> {
  for (let number = from; number < to; number++) {
    const random = new Random(Math.imul(seed, 0x9e3779b1) + number)
    const drawn = drawCase(random, number, pool, lane.sourceRefs)
    const { source, target, before } = await lane.prepare(drawn)
    const faults: string[] = []
    const response = await callAll(service, drawn, source, target).catch((error: Error): RunResponse => {
      faults.push(`the response is not as it must be: ${error.message}`)
      return { outcome: 'broken', text: '' }
    })
    const respondedAt = performance.now()
    const quiet = drawn.caller.kind === 'pipeline' ? QUIET_MS.pipeline : QUIET_MS.usual
    const { isQuiet, lastStart } = await service.quiet(source, quiet, RUN_ENDS_MS)
    if (!isQuiet) faults.push('a run goes on without its caller')
    if (lastStart > respondedAt + LATE_START_MS) faults.push('a run has begun without its caller')
    await lane.idle()
    const after = await lane.targetRefs()
    faults.push(...untruths({ case: drawn, response, before, after, written: lane.written }))
    report.add(drawn, response, faults)
    if (!service.isRunning) throw new Error(`the service has ended: ${service.log.slice(-5).join('\n')}`)
  }
}

async function callAll(service: Service, drawn: Case, source: string, target: string): Promise<RunResponse> {
  const { operation, request, caller, denied, hasTwin } = drawn
  const password = (side: 'source' | 'target') => (denied === side ? 'wrong' : PASSWORDS[side])
  const ends = {
    source: { url: source },
    target: { url: target },
    auth: { source: { token: password('source') }, target: { token: password('target') } },
  }
  const token = TOKENS[drawn.token] as string
  const calls = [call(caller, { url: `${service.url}/${operation}`, token, body: { ...ends, ...request } })]
  // The twin's own result is judged by what the other's says and what the target has.
  if (hasTwin) {
    const other = TOKENS[(drawn.token + 1) % TOKENS.length] as string
    calls.push(call({ kind: 'document' }, { url: `${service.url}/sync`, token: other, body: ends }))
  }
  const [response] = await Promise.all(calls)
  return response as RunResponse
}

/** What is held when all is quiet: what was just closed is not gone at once. */
async function settledHoldings(service: Service, before: Report['before']) {
  for (const deadline = Date.now() + 15_000; ; await sleep(100)) {
    const now = await service.holdings()
    const isBack =
      now.sockets <= before.sockets && now.files <= before.files && now.children <= before.children
    if (isBack || Date.now() > deadline) return now
  }
}

const setting = (name: string, fallback: number) => numberFromEnv(`GITSYNC_SOAK_${name}`, fallback, 1)

runProgram(main)
