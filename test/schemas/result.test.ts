import { test } from 'tap'
import { Check } from 'typebox/value'
import {
  Action,
  PlanResult,
  ProbeResult,
  Protocol,
  RefKind,
  SyncResult,
  TransferMode,
  transferReasons,
} from '../../schemas/result.js'
import { probeResult, syncResult } from '../../testing/cases/sample-responses.js'

const optional = [
  'sourceHead',
  'targetUrl',
  'targetCapabilities',
  'sides',
  'elapsedNanos',
  'activeNanos',
  'idleNanos',
]

/** The same value without one of its properties, for each that it has, at any depth. */
function* lacking(value: unknown, path = ''): Generator<[string, unknown]> {
  if (typeof value !== 'object' || value === null) return
  for (const [name, part] of Object.entries(value)) {
    const at = `${path}/${name}`
    if (Array.isArray(value)) {
      for (const [where, less] of lacking(part, at)) yield [where, value.with(Number(name), less)]
      continue
    }
    const { [name]: _, ...rest } = value as Record<string, unknown>
    if (!optional.includes(name) && path !== '/stats/items') yield [at, rest]
    for (const [where, less] of lacking(part, at)) yield [where, { ...value, [name]: less }]
  }
}

test('a result has every field of the contract, and lives through new ones', async (t) => {
  const results: [unknown, typeof SyncResult | typeof PlanResult | typeof ProbeResult][] = [
    [syncResult, SyncResult],
    [syncResult, PlanResult],
    [probeResult, ProbeResult],
  ]
  for (const [value, schema] of results) {
    t.equal(Check(schema, value), true)
    t.equal(Check(schema, { ...(value as object), added: 'later' }), true)
    const cases = [...lacking(value)]
    t.ok(cases.length > 20)
    for (const [path, less] of cases) t.equal(Check(schema, less), false, `without ${path}`)
  }
})

test('what may be left out', async (t) => {
  const { targetUrl: _, targetCapabilities: __, sourceHead: ___, ...probe } = probeResult
  t.equal(Check(ProbeResult, { ...probe, stats: { enabled: false, items: {} } }), true)
})

test('enumerations are those of the contract', async (t) => {
  const membersOf = (schema: unknown) => (schema as { enum: string[] }).enum
  t.same(membersOf(RefKind), ['branch', 'tag', 'other'])
  t.same(membersOf(Action), ['create', 'update', 'delete', 'skip', 'block', 'warn'])
  t.same(membersOf(Protocol), ['v1', 'v2'])
  const plain = ['bootstrap', 'incremental', 'replicate']
  const modes = ['none', ...plain, ...plain.map((mode) => `${mode}-batch`), 'materialized']
  t.same([...membersOf(TransferMode)].sort(), modes.sort())
})

test('a reason is a kebab-case word with a meaning', async (t) => {
  for (const [word, meaning] of Object.entries(transferReasons)) {
    t.match(word, /^[a-z]+(-[a-z]+)*$/)
    t.ok(meaning.length > 5, word)
  }
})
