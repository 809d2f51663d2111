import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Cleanup } from '../testing/cleanup.js'
import { runProgram, say } from '../testing/program.js'
import type { Figure } from './figure.js'
import { describeMachine } from './machine.js'
import type { Scenario } from './scenario.js'
import { scenarios } from './scenarios/index.js'
import { drawTable } from './table.js'

const USAGE = `npm run bench -- [--quick] [--only 1,3] [--rounds N] [--json FILE] [--profile FOLDER]

  --quick           smaller sizes and fewer rounds: a look in passing, within two minutes on two idle cores
  --only 1,3        these scenarios alone
  --rounds N        how often everything is measured; 5, or 3 with --quick
  --json FILE       where the figures go; bench/results.json
  --profile FOLDER  a CPU profile of every process of the product
`

interface Options {
  quick: boolean
  rounds: number
  scenarios: Scenario[]
  json: string
  profiles: string | undefined
}

/** What the JSON file holds. */
export interface Report {
  time: string
  quick: boolean
  rounds: number
  machine: ReturnType<typeof describeMachine>
  results: { scenario: number; title: string; figures: Figure[] }[]
}

/** Measures what docs/performance.md describes, prints a table a scenario, and writes all of it as JSON. */
async function main(): Promise<number> {
  const options = readOptions()
  const cleanups: Cleanup[] = []
  const end = async () => {
    for (const cleanup of cleanups) await cleanup.run()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void end().finally(() => process.exit(130)))
  }
  const machine = describeMachine()
  say(`${machine.cpu}, ${machine.cores} cores, node ${machine.node}, git ${machine.git}, ${machine.commit}`)
  say(`${options.rounds} rounds${options.quick ? '; quick: small sizes, so read the budgets with care' : ''}`)
  const { quick, rounds } = options
  const report: Report = { time: new Date().toISOString(), quick, rounds, machine, results: [] }
  try {
    for (const scenario of options.scenarios) {
      const cleanup = new Cleanup()
      cleanups.push(cleanup)
      const figures = await run(scenario, options, cleanup)
      report.results.push({ scenario: scenario.number, title: scenario.title, figures })
      // Of a long run that is broken off, what was measured is kept.
      await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`)
    }
  } finally {
    await end()
  }
  say(`\nwritten to ${options.json}`)
  return 0
}

async function run(
  scenario: Scenario,
  { quick, rounds, profiles }: Options,
  cleanup: Cleanup,
): Promise<Figure[]> {
  say(`\n${scenario.number}. ${scenario.title}`)
  const began = performance.now()
  try {
    const figures = await scenario.run({ quick, rounds, cleanup, ...(profiles && { profiles }) })
    say(drawTable(figures))
    say(`(${((performance.now() - began) / 1000).toFixed(0)} s)`)
    return figures
  } finally {
    await cleanup.run()
  }
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      json: { type: 'string', default: fileURLToPath(new URL('../../bench/results.json', import.meta.url)) },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    process.exit(0)
  }
  const { quick, only, json, profile } = values
  const rounds = Number(values.rounds ?? (quick ? 3 : 5))
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds ${values.rounds}: give a number from 1 on`)
  const chosen = only?.split(',').map(Number)
  const unknown = chosen?.find((number) => !scenarios.some((scenario) => scenario.number === number))
  if (unknown !== undefined) throw new Error(`--only ${only}: there are scenarios 1 to ${scenarios.length}`)
  const selected = scenarios.filter(({ number }) => chosen?.includes(number) ?? true)
  return { quick, rounds, scenarios: selected, json, profiles: profile }
}

runProgram(main)
