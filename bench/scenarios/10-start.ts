import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Figure, figure } from '../figure.js'
import { alternate, type Sample, timed, valuesOf } from '../measure.js'
import type { Scenario } from '../scenario.js'

const execute = promisify(execFile)
const cli = fileURLToPath(new URL('../../src/cli.js', import.meta.url))
const library = new URL('../../src/index.js', import.meta.url).href

/** Starts of which a round has the fastest: other programs only make one slower. */
const STARTS = 10

/** What a script or a program waits for before anything is done, compared with Node itself. */
export const start: Scenario = {
  number: 10,
  title: 'start of a process',
  async run({ rounds }) {
    const samples = await alternate(rounds, {
      version: () => startNode(cli, '--version'),
      library: () => startNode('--input-type=module', '--eval', `import '${library}'`),
      node: () => startNode('--eval', '0'),
    })
    return [
      ...figures('git-sync --version', samples.version, samples.node),
      ...figures('import of the library', samples.library, samples.node),
    ]
  },
}

async function startNode(...args: string[]): Promise<Sample> {
  let fastest = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < STARTS; turn++) {
    fastest = Math.min(fastest, await timed(() => execute(process.execPath, args)))
  }
  return { ms: fastest * 1000 }
}

function figures(name: string, ours: readonly Sample[], node: readonly Sample[]): Figure[] {
  const bare = valuesOf(node, 'ms')
  const time = { case: name, measure: 'time', unit: 'ms', ours: valuesOf(ours, 'ms') } as const
  return [
    figure({ ...time, baseline: { name: 'node -e 0', values: bare } }),
    figure({
      ...time,
      baseline: { name: '1.3 x node -e 0 + 30 ms', values: bare.map((ms) => 1.3 * ms + 30) },
      budget: { of: 'ratio', most: 1 },
    }),
  ]
}
