import type { RunResponse } from './caller.js'
import type { Case } from './draw.js'
import type { Latencies } from './health.js'
import type { Quarter } from './memory.js'
import type { Holdings } from './service.js'

/** The longest that `/healthz` may take while everything else runs on the same machine. */
const HEALTH_MS = 1_000
/** Of fewer runs no growth of memory can be told. */
const MIN_RUNS = 400
/** How much more memory than in the second quarter the last may take, in MiB. */
const GROWTH = { rss: 48, heap: 16 }
const MOST_PRINTED = 40
const NOTHING: Holdings = { sockets: 0, files: 0, children: 0 }

/** What a soak has found: figures, and whether everything holds. */
export class Report {
  count = 0
  before = NOTHING
  after = NOTHING
  latencies: Latencies = { count: 0, p50: 0, p99: 0, max: 0 }
  quarters: Quarter[] = []
  /** What must be zero at the end. */
  left: Record<string, number> = {}
  exit: number | string | null = 0
  log: string[] = []
  readonly #runs: number
  readonly #secrets: string[]
  readonly #seed: number
  readonly #began = performance.now()
  readonly #outcomes: Record<string, number> = {}
  readonly #faults: string[] = []
  #reported = 0
  #broken = 0
  #repositories = 0
  #damaged: string[] = []

  constructor(runs: number, seed: number, secrets: string[]) {
    this.#runs = runs
    this.#seed = seed
    this.#secrets = secrets
  }

  add(
    { number, faults, operation, caller }: Case,
    { outcome, result, text }: RunResponse,
    wrong: string[],
  ): void {
    this.count++
    if (faults.length > 0) this.#broken++
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1
    this.#reported += result?.refs.length ?? 0
    const leaked = this.#secretIn(text)
    const all = leaked ? [...wrong, `the response has the secret ${leaked}`] : wrong
    if (all.length === 0) return
    const what = faults.map(
      ({ side, on, name, persists }) => `${side} ${on}: ${name}${persists ? ', again' : ''}`,
    )
    const about = [operation, caller.kind, ...what].join('; ')
    this.#faults.push(`run ${number} (${about}) ended with ${outcome}:\n    ${all.join('\n    ')}`)
  }

  checked(dir: string, damage: string | undefined): void {
    this.#repositories++
    if (damage !== undefined) this.#damaged.push(`${dir}: ${damage}`)
  }

  get holds(): boolean {
    return this.#failures().length === 0
  }

  print(): string {
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(0)
    const { p50, p99, max, count } = this.latencies
    const lines = [
      `${this.count} runs in ${seconds} s, seed ${this.#seed}; faults were put into ${this.#broken}`,
      ...Object.entries(this.#outcomes)
        .sort(([, a], [, b]) => b - a)
        .map(([outcome, number]) => `${String(number).padStart(7)}  ${outcome}`),
      `results: ${this.#reported} refs compared with the targets`,
      `targets: ${this.#repositories} checked by git fsck`,
      `memory by quarter, median MiB: rss ${this.#byQuarter('rss')}; heap and buffers ${this.#byQuarter('heap')}`,
      `sockets ${this.before.sockets} before, ${this.after.sockets} after; files ${this.before.files}, ${this.after.files}; children ${this.before.children}, ${this.after.children}`,
      `left over: ${Object.entries(this.left)
        .map(([what, number]) => `${number} ${what}`)
        .join(', ')}`,
      `/healthz, ${count} times: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms`,
    ]
    const failures = this.#failures()
    const shown = failures.slice(0, MOST_PRINTED).map((failure) => `FAULT: ${failure}`)
    const end = failures.length === 0 ? 'everything holds' : `${failures.length} things do not hold`
    return `${[...lines, ...shown, end].join('\n')}\n`
  }

  #failures(): string[] {
    const failures = [...this.#faults, ...this.#damaged]
    const check = (holds: boolean, what: string) => {
      if (!holds) failures.push(what)
    }
    check(this.count === this.#runs, `${this.count} of ${this.#runs} runs were made`)
    for (const kind of ['sockets', 'files', 'children'] as const) {
      check(this.after[kind] <= this.before[kind], `${this.after[kind]} ${kind}, ${this.before[kind]} before`)
    }
    for (const [what, number] of Object.entries(this.left))
      check(number === 0, `${number} ${what} at the end`)
    // In a short soak, when garbage happens to be collected weighs more than what is left.
    const kinds = this.#runs < MIN_RUNS ? [] : (['rss', 'heap'] as const)
    for (const kind of kinds) {
      const [, second, , last] = this.quarters.map((quarter) => quarter[kind])
      check((last ?? 0) <= (second ?? 0) + GROWTH[kind], `${kind} has grown from ${second} to ${last} MiB`)
    }
    check(this.latencies.max <= HEALTH_MS, `/healthz took ${this.latencies.max.toFixed(0)} ms`)
    check(this.exit === 0, `the service ended with ${this.exit}`)
    for (const line of this.log) {
      const secret = this.#secretIn(line)
      check(secret === undefined, `the log has the secret ${secret}: ${line}`)
      check(!/^\{"level":[56]0/.test(line), `the log has an error: ${line.slice(0, 500)}`)
    }
    return failures
  }

  #byQuarter(kind: keyof Quarter): string {
    return this.quarters.map((quarter) => quarter[kind].toFixed(0)).join(', ')
  }

  #secretIn(text: string): string | undefined {
    const forms = (secret: string) => [
      secret,
      Buffer.from(`git:${secret}`).toString('base64').replace(/=+$/, ''),
    ]
    return this.#secrets.find((secret) => forms(secret).some((form) => text.includes(form)))
  }
}
