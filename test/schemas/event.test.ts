import { test } from 'tap'
import { Check } from 'typebox/value'
import { Event } from '../../schemas/event.js'
import { problem, syncResult } from '../../testing/cases/sample-responses.js'

/** The lines of the contract's example, but for the last. */
const LINES = [
  '{"type":"started","operation":"sync","requestId":"1","time":"2026-11-22T06:00:00.000Z"}',
  '{"type":"queued","position":3,"for":"slot"}',
  '{"type":"queued","position":1,"for":"target"}',
  '{"type":"discovered","side":"source","protocol":"v2","refs":1234,"head":"refs/heads/main"}',
  '{"type":"discovered","side":"target","protocol":"v1","refs":1200}',
  '{"type":"planned","create":3,"update":10,"forced":0,"delete":0,"skip":1221,"block":0,"transferMode":"incremental"}',
  '{"type":"planned","create":3,"update":10,"delete":0,"skip":1221,"block":0,"transferMode":"replicate-batch"}',
  '{"type":"progress","phase":"relay","sourceBytes":1048576,"targetBytes":1048576,"bytesPerSecond":52428800,' +
    '"objects":{"total":5321},"batch":{"index":1,"total":4}}',
  '{"type":"progress","phase":"prove","sourceBytes":0,"targetBytes":0,"bytesPerSecond":0}',
  '{"type":"remote","side":"source","text":"Compressing objects:  45% (450/1000)"}',
  '{"type":"notice","text":"target answered 413"}',
  '{"type":"heartbeat"}',
]

test('every line of the contract is an event', async (t) => {
  for (const line of LINES) t.equal(Check(Event, JSON.parse(line)), true, line)
  t.equal(Check(Event, { type: 'result', result: syncResult }), true)
  t.equal(Check(Event, { type: 'error', error: problem }), true)
})

test('there are no other types', async (t) => {
  const types = Event.anyOf.flatMap(
    ({ properties }) => (properties.type as unknown as { enum: string[] }).enum,
  )
  const inContract = [...LINES.map((line) => JSON.parse(line).type), 'result', 'error']
  t.same([...types].sort(), [...new Set(inContract)].sort())
  for (const wrong of [{ type: 'done' }, {}, null, [], 'heartbeat']) t.equal(Check(Event, wrong), false)
})

test('an event without one of its fields is none', async (t) => {
  const optional = ['head', 'forced', 'objects', 'batch']
  for (const line of LINES) {
    const event = JSON.parse(line)
    for (const name of Object.keys(event).filter((key) => !optional.includes(key))) {
      const { [name]: _, ...rest } = event
      t.equal(Check(Event, rest), false, `${line} without ${name}`)
    }
  }
  t.equal(Check(Event, { type: 'result' }), false)
  t.equal(Check(Event, { type: 'error', error: { code: 'internal' } }), false)
})

test('clients live through new fields', async (t) => {
  for (const line of LINES) t.equal(Check(Event, { ...JSON.parse(line), added: { later: [1] } }), true, line)
})

test('the discriminator is the type', async (t) => {
  t.match(Event, { title: 'Event', discriminator: { propertyName: 'type' } })
})
