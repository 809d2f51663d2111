import t from 'tap'
import type { RunResponse } from '../../soak/caller.js'
import type { Case } from '../../soak/draw.js'
import { type Observed, untruths } from '../../soak/truth.js'
import type { SyncResult } from '../../src/index.js'

const [OLD, NEW, OTHER] = ['a', 'b', 'c'].map((letter) => letter.repeat(40)) as [string, string, string]
const MAIN = 'refs/heads/main'

const drawn: Case = {
  number: 0,
  sourceRefs: { [MAIN]: NEW },
  isFresh: false,
  operation: 'sync',
  request: {},
  caller: { kind: 'document' },
  token: 0,
  faults: [],
  written: undefined,
  hasTwin: false,
  denied: undefined,
}

function respond(action: string, counts: Partial<SyncResult['counts']> = {}, reason = 'why'): RunResponse {
  const result = {
    refs: [{ targetRef: MAIN, sourceHash: NEW, action, reason }],
    counts: { applied: 0, skipped: 0, blocked: 0, deleted: 0, warned: 0, ...counts },
    execution: { dryRun: false },
  } as unknown as SyncResult
  return { outcome: 'ok', result, text: '' }
}

/** What is found where main was at OLD and is now at `now`. */
function found(now: string | undefined, parts: Partial<Observed> = {}): string[] {
  const after = now === undefined ? {} : { [MAIN]: now }
  return untruths({
    case: drawn,
    response: respond('update', { applied: 1 }),
    before: { [MAIN]: OLD },
    after,
    written: {},
    ...parts,
  })
}

t.test('a result that is so has no faults', async (t) => {
  t.strictSame(found(NEW), [])
  t.strictSame(found(OLD, { response: respond('block') }), [])
  t.strictSame(
    found(OTHER, { response: respond('block'), written: { [MAIN]: OTHER } }),
    [],
    'another writer moved it',
  )
  t.strictSame(found(NEW, { response: respond('block', {}, 'unknown') }), [], 'nobody could know')
})

t.test('what is reported is compared with what the target has', async (t) => {
  t.match(found(OLD), [/reported as update \(why\), but the target has a+/])
  t.match(found(NEW, { response: respond('block') }), [/reported as block \(why\), but it moved/])
  t.match(found(OLD, { response: respond('skip', { skipped: 1 }) }), [/reported as skip/])
  t.match(found(NEW, { response: respond('update') }), [/0 are counted as applied/])
})

t.test("a ref has its old value or the source's", async (t) => {
  const hungUp = { response: { outcome: 'hung up', text: '' } }
  t.strictSame([...found(OLD, hungUp), ...found(NEW, hungUp)], [])
  t.match(found(OTHER, hungUp), [/at c+, which the source never listed/])
  t.match(found(undefined, hungUp), [/is gone, and nothing was to be pruned/])
  const pruned = { ...drawn, request: { policy: { prune: true } } }
  t.match(found(undefined, { ...hungUp, case: pruned }), [/is gone, and the source has it/])
  t.match(found(NEW, { ...hungUp, case: { ...drawn, operation: 'plan' } }), [
    /a plan moved refs\/heads\/main/,
  ])
})

t.test('a run fails for what was done to it, and for nothing else', async (t) => {
  const ended = (outcome: string, parts: Partial<Case> = {}) =>
    found(OLD, { response: { outcome, text: '' }, case: { ...drawn, ...parts } })
  const action = () => ({ type: 'pass' as const })
  const fault = { side: 'source' as const, name: '', on: 'info-refs', after: 0, persists: false, action }
  t.match(ended('internal', { faults: [fault] }), [/internal/])
  t.match(ended('target_timeout', { faults: [fault] }), [/nothing is wrong with the target/])
  t.strictSame(ended('source_timeout', { faults: [fault] }), [])
  t.match(ended('source_timeout'), [/nothing is wrong with the source/, /nothing is wrong, but/])
  t.match(ended('overloaded'), [/nothing is wrong, but: overloaded/])
})
