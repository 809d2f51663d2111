import { test } from 'tap'
import { Check } from 'typebox/value'
import {
  EndpointAuth,
  PlanRequest,
  ProbeRequest,
  RefScope,
  SyncPolicy,
  SyncRequest,
} from '../../schemas/request.js'

// JSON as Go's encoding/json writes it, byte for byte.
const ENDPOINT = '{"url":"https://git.example.com/r.git","followInfoRefsRedirect":false}'
const AUTH =
  '{"source":{"username":"","token":"","bearerToken":"","skipTlsVerify":false},"target":{"token":"x"}}'
const SCOPE = '{"branches":null,"mappings":null,"allRefs":false,"excludeRefPrefixes":null,"excludeRefs":[]}'
const POLICY =
  '{"mode":"","includeTags":false,"prune":false,"force":false,"forceWithLease":false,"forceBlind":false,' +
  '"bestEffort":false,"atomic":false,"protocol":"","maxDeletes":0,"maxForced":0,"expectedPlan":"","lfs":""}'
const OPTIONS =
  '{"maxPackBytes":0,"targetMaxPackBytes":0,"targetMaxRefUpdates":0,"measureMemory":false,' +
  '"materializedMaxBytes":0,"materializedMaxObjects":0,"pushOptions":null,"omitSkipped":false,' +
  '"lfsMaxBytes":0,"lfsMaxObjects":0}'
const SYNC =
  `{"source":${ENDPOINT},"target":${ENDPOINT},"scope":${SCOPE},"policy":${POLICY},"collectStats":false,` +
  `"auth":${AUTH},"options":${OPTIONS}}`
const PROBE =
  `{"source":${ENDPOINT},"target":null,"includeTags":false,"allRefs":false,"excludeRefPrefixes":null,` +
  `"protocol":"","collectStats":false,"auth":${AUTH},"options":{"measureMemory":false}}`

test('each request accepts the zero values of Go', async (t) => {
  t.equal(Check(SyncRequest, JSON.parse(SYNC)), true)
  t.equal(Check(PlanRequest, JSON.parse(SYNC)), true)
  t.equal(Check(ProbeRequest, JSON.parse(PROBE)), true)
})

test('a probe may name a target, a sync has to', async (t) => {
  const { target: _, ...probe } = JSON.parse(PROBE)
  t.equal(Check(ProbeRequest, probe), true)
  t.equal(Check(ProbeRequest, { ...probe, target: probe.source }), true)
  const { target, ...sync } = JSON.parse(SYNC)
  for (const schema of [SyncRequest, PlanRequest]) {
    t.equal(Check(schema, sync), false)
    t.equal(Check(schema, { ...sync, target: null }), false)
    t.equal(Check(schema, { ...sync, target }), true)
  }
})

test('the properties are those of the contract', async (t) => {
  const propertiesOf = (schema: { properties: object }) => Object.keys(schema.properties).sort()
  t.same(propertiesOf(SyncRequest), Object.keys(JSON.parse(SYNC)).sort())
  t.same(propertiesOf(PlanRequest), propertiesOf(SyncRequest))
  t.same(propertiesOf(ProbeRequest), Object.keys(JSON.parse(PROBE)).sort())
  t.same(propertiesOf(SyncPolicy), Object.keys(JSON.parse(POLICY)).sort())
  t.same(propertiesOf(RefScope), Object.keys(JSON.parse(SCOPE)).sort())
  t.same(propertiesOf(EndpointAuth), ['bearerToken', 'skipTlsVerify', 'token', 'username'])
  const options = [...Object.keys(JSON.parse(OPTIONS)), 'materialize'].sort()
  t.same(propertiesOf(SyncRequest.properties.options), options)
})

test('every schema that callers name has its name', async (t) => {
  const { source, scope, policy, options, auth } = SyncRequest.properties
  const titles = [SyncRequest, PlanRequest, ProbeRequest, source, scope, policy, options, auth].map(
    (schema) => (schema as { title?: string }).title,
  )
  const names = ['SyncRequest', 'PlanRequest', 'ProbeRequest', 'Endpoint', 'RefScope', 'SyncPolicy']
  t.same(titles, [...names, 'TransferOptions', 'Auth'])
})
