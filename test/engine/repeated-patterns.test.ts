import { test } from 'tap'
import { idleExcludes } from '../../src/engine/plan/idle-excludes.js'
import { selectRefs } from '../../src/engine/plan/select.js'
import { toScope } from '../../src/engine/request/scope.js'

const listed = new Map(Array.from({ length: 1_000 }, (_, at) => [`refs/heads/b${at}`, 'a'.repeat(40)]))

test('what is given many times is one pattern', async (t) => {
  const scope = toScope(
    {
      branches: Array.from({ length: 100_000 }, () => 'gone'),
      excludeRefPrefixes: [...Array.from({ length: 100_000 }, () => 'refs/h'), 'refs/x'],
      excludeRefs: ['refs/h*', 'refs/y'],
    },
    false,
  )
  t.equal(scope.branches.length, 1)
  t.strictSame(
    scope.excludes.map(({ text }) => text),
    ['refs/h*', 'refs/x*', 'refs/y'],
  )
  t.match(await idleExcludes(scope, [listed], undefined), [/refs\/x\*/, /refs\/y/])
})

test('mappings that multiply what is listed end in an error also where nothing may be written', async (t) => {
  const mappings = Array.from({ length: 1_000 }, (_, at) => ({ source: '*', target: `x${at}/*` }))
  const scope = toScope({ mappings, excludeRefPrefixes: ['refs/heads/x'] }, false)
  await t.rejects(selectRefs(scope, listed), { code: 'invalid_request', message: /500,000/ })
})
