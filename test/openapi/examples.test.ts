import { readFile } from 'node:fs/promises'
import t from 'tap'
import { Check } from 'typebox/value'
import { recordExamples } from '../../openapi/record-examples.js'
import { Event } from '../../schemas/event.js'
import { Problem, type ProblemCode, problems } from '../../schemas/problem.js'
import { PlanRequest, ProbeRequest, SyncRequest } from '../../schemas/request.js'
import { PlanResult, ProbeResult, SyncResult } from '../../schemas/result.js'
import type { Examples } from '../../src/service/openapi/openapi-examples.js'
import { projectFile } from '../../testing/project/project.js'

const text = await readFile(projectFile('openapi/examples.json'), 'utf8')
const examples = JSON.parse(text) as Examples

t.test('the examples are responses of real runs', async (t) => {
  t.strictSame(comparable(await recordExamples()), comparable(examples), 'else run: npm run openapi')
})

t.test('what is sent and what comes back fits the schemas', async (t) => {
  const requests = { probe: ProbeRequest, plan: PlanRequest, sync: SyncRequest, replicate: SyncRequest }
  const results = { probe: ProbeResult, plan: PlanResult, sync: SyncResult, replicate: SyncResult }
  t.strictSame(Object.keys(examples.results), Object.keys(requests))
  for (const [name, { route, request, response }] of Object.entries(examples.results)) {
    t.equal(route, `/${name}`)
    t.ok(Check(requests[name as keyof typeof requests], request), `the request of ${name}`)
    t.ok(Check(results[name as keyof typeof results], response), `the response of ${name}`)
  }
  for (const event of examples.stream) t.ok(Check(Event, event), event.type)
  t.match([examples.stream[0], examples.stream.at(-1)], [{ type: 'started' }, { type: 'result' }])
})

t.test('each problem has the code that it is listed under', async (t) => {
  t.ok(Object.keys(examples.problems).length >= 6)
  for (const [code, { response }] of Object.entries(examples.problems)) {
    t.ok(Check(Problem, response), code)
    t.match(response, { code, status: problems[code as ProblemCode].status })
  }
})

t.test('no trace of where they were recorded is left', async (t) => {
  t.notMatch(text, /127\.0\.0\.1|localhost|\/tmp\//)
})

/** Without what another version of git says otherwise. */
function comparable({ results, ...rest }: Examples): unknown {
  const { probe, ...others } = results
  const known = { sourceCapabilities: Array, targetCapabilities: Array }
  const response = { ...(probe?.response as object), ...known }
  return { ...rest, results: { ...others, probe: { ...probe, response } } }
}
