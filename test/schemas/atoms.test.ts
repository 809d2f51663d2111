import { test } from 'tap'
import Type from 'typebox'
import { Check } from 'typebox/value'
import { Count, List, StringEnum } from '../../schemas/atoms.js'
import { Event } from '../../schemas/event.js'
import { Problem } from '../../schemas/problem.js'
import { PlanRequest, ProbeRequest, SyncRequest } from '../../schemas/request.js'
import { PlanResult, ProbeResult, SyncResult } from '../../schemas/result.js'
import { schemasIn } from '../../testing/project/schema-walk.js'

const requests = { ProbeRequest, PlanRequest, SyncRequest }
const answers = { ProbeResult, PlanResult, SyncResult, Event, Problem }

test('enumerations are strings with an enum, never unions of constants', async (t) => {
  t.same(JSON.parse(JSON.stringify(StringEnum(['a', 'b']))), { type: 'string', enum: ['a', 'b'] })
  const schemas = Object.values({ ...requests, ...answers }).flatMap((root) => [...schemasIn(root)])
  t.same(
    schemas.filter(([, schema]) => 'const' in schema),
    [],
  )
  const enums = schemas.filter(([, schema]) => 'enum' in schema)
  t.ok(enums.length > 10, 'there are some')
  t.ok(enums.every(([, { type }]) => type === 'string'))
})

test('a list may be null', async (t) => {
  const list = List(Type.String(), 'names')
  for (const value of [null, [], ['a']]) t.equal(Check(list, value), true)
  for (const value of [undefined, 'a', [1], {}]) t.equal(Check(list, value), false)
})

test('a count is a safe integer of at least 0', async (t) => {
  for (const value of [0, 1, Number.MAX_SAFE_INTEGER]) t.equal(Check(Count('n'), value), true)
  for (const value of [-1, 0.5, 2 ** 53, '1', null, Number.NaN]) t.equal(Check(Count('n'), value), false)
})

const objectsIn = (root: unknown) => [...schemasIn(root)].filter(([, { type }]) => type === 'object')
const closedIn = (root: unknown) =>
  objectsIn(root).filter(([, { additionalProperties }]) => additionalProperties === false)

test('requests are closed, in every part', async (t) => {
  for (const [name, root] of Object.entries(requests)) {
    t.ok(objectsIn(root).length > 3)
    t.equal(closedIn(root).length, objectsIn(root).length, name)
  }
})

test('results, events and problems are open, so that clients live through new fields', async (t) => {
  for (const [name, root] of Object.entries(answers)) {
    t.ok(objectsIn(root).length > 3)
    t.same(closedIn(root), [], name)
  }
})
