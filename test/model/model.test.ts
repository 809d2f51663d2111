import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { runCase } from './run-case.js'
import { drawScenario, type Scenario } from './scenario.js'
import { createWorld, type World } from './world.js'

// GITSYNC_MODEL_CASES says how many cases to run, GITSYNC_MODEL_SEED the seed of the first; the others follow it.
const cases = Number(process.env.GITSYNC_MODEL_CASES || 40)
const first = Number(process.env.GITSYNC_MODEL_SEED || Date.now() % 1_000_000_000)
const AT_ONCE = 3

// A case takes a third of a second, on a busy machine ten times that.
t.setTimeout(60_000 + cases * 3_000)

t.test(`${cases} random cases from seed ${first} agree with the oracle`, async (t) => {
  const world = await createWorld(t)
  const seeds = Array.from({ length: cases }, (_, index) => first + index)
  const endings = new Map<string, number>()
  const work = async () => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      const ending = await judge(t, world, drawScenario(seed))
      endings.set(ending, (endings.get(ending) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  t.comment(inspect(endings))
  t.notOk(endings.has('DISAGREEMENT'), 'no case disagrees')
})

async function judge(t: Test, world: World, scenario: Scenario): Promise<string> {
  try {
    return await runCase(world, scenario)
  } catch (error) {
    const again = `GITSYNC_MODEL_SEED=${scenario.seed} GITSYNC_MODEL_CASES=1`
    t.fail(`seed ${scenario.seed} disagrees; run it again with ${again}`, {
      error: error instanceof Error ? error.message : error,
      scenario: inspect({ ...scenario, history: undefined }, { depth: 6 }),
    })
    return 'DISAGREEMENT'
  }
}
