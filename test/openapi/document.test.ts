import { readFile } from 'node:fs/promises'
import t from 'tap'
import * as events from '../../schemas/event.js'
import { libraryCodes, problemCodes, problems } from '../../schemas/problem.js'
import * as requests from '../../schemas/request.js'
import * as results from '../../schemas/result.js'
import { buildApp } from '../../src/app.js'
import { Client } from '../../src/index.js'
import { projectFile } from '../../testing/project/project.js'

type Json = { [key: string]: unknown }
interface Operation {
  operationId: string
  summary: string
  tags: string[]
  security: Json[]
  requestBody?: { required: boolean; content: Json }
  responses: Record<string, { description: string; content: Json; headers?: Json }>
}
interface Document {
  openapi: string
  info: Json
  tags: { name: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Json>; securitySchemes: Json }
}

const app = await buildApp({ client: new Client() })
await app.ready()
const document = JSON.parse(JSON.stringify(app.swagger())) as Document
await app.close()
const { schemas } = document.components
const PREFIX = '#/components/schemas/'
const SERVICE = ['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs']
const RUNS = ['/probe', '/plan', '/sync', '/replicate']

/** Every object in the document but for its examples, with the way to it. */
function* objectsIn(value: unknown, path = ''): Generator<[string, Json]> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield [path, value as Json]
  for (const [key, item] of Object.entries(value)) {
    if (key !== 'examples') yield* objectsIn(item, `${path}/${key}`)
  }
}

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    operation,
  })),
)

function run(path: string): Operation {
  const found = document.paths[path]?.post
  if (!found) throw new Error(`no POST ${path}`)
  return found
}

t.test('openapi/openapi.json is what the application generates', async (t) => {
  const text = await readFile(projectFile('openapi/openapi.json'), 'utf8').catch(() => '')
  t.equal(text, `${JSON.stringify(document, undefined, 2)}\n`, 'else run: npm run openapi')
})

t.test('it is OpenAPI 3.1 of this program', async (t) => {
  t.match(document.openapi, /^3\.1\.\d+$/)
  const { name, version } = JSON.parse(await readFile(projectFile('package.json'), 'utf8'))
  t.match(document.info, { title: name, version, description: /./, license: { identifier: 'MIT' } })
})

t.test('every route that callers use is there, and nothing else', async (t) => {
  t.strictSame(
    operations.map(({ name }) => name).sort(),
    [...SERVICE.map((path) => `GET ${path}`), ...RUNS.map((path) => `POST ${path}`)].sort(),
  )
  for (const { name, operation } of operations) {
    const [method = '', path = ''] = name.split(' ')
    t.ok(app.hasRoute({ method, url: path }), name)
    t.match(operation, { operationId: /^[a-z]+$/, summary: /\.$/, tags: [/./] }, name)
  }
  const ids = operations.map(({ operation }) => operation.operationId)
  t.equal(new Set(ids).size, ids.length, 'no operation id twice')
  const tags = new Set(document.tags.map(({ name }) => name))
  t.strictSame(new Set(operations.flatMap(({ operation }) => operation.tags)), tags)
})

t.test('every response has a description and a schema', async (t) => {
  for (const { name, operation } of operations) {
    for (const [status, response] of Object.entries(operation.responses)) {
      t.match(response.description, /^(?!Default Response)./, `${name} ${status}`)
      const types = Object.keys(response.content)
      t.ok(types.length > 0, `${name} ${status} has a content`)
      if (status !== '200') t.strictSame(types, ['application/problem+json'])
    }
  }
})

t.test('a run accepts its request and responds with its result, or a stream', async (t) => {
  const names = { probe: 'Probe', plan: 'Plan', sync: 'Sync', replicate: 'Sync' }
  for (const [route, name] of Object.entries(names)) {
    const { requestBody, responses } = run(`/${route}`)
    t.equal(requestBody?.required, true)
    t.strictSame(Object.keys(requestBody?.content ?? {}), ['application/json'])
    t.match(requestBody?.content, {
      'application/json': { schema: { $ref: `${PREFIX}${name}Request` } },
    })
    t.strictSame(Object.keys(responses['200']?.content ?? {}), ['application/json', 'application/x-ndjson'])
    t.match(responses['200']?.content, {
      'application/json': { schema: { $ref: `${PREFIX}${name}Result` } },
      'application/x-ndjson': { schema: { type: 'string', description: /`Event`/ } },
    })
  }
})

t.test('a run may end with every problem, each under its status', async (t) => {
  for (const path of RUNS) {
    const { responses } = run(path)
    for (const code of problemCodes.filter((code) => !libraryCodes.has(code))) {
      const { status, retryable } = problems[code]
      const response = responses[status]
      t.match(response?.description, `\`${code}\``, `${path} ${status} names ${code}`)
      t.match(response?.content, {
        'application/problem+json': { schema: { $ref: `${PREFIX}Problem` } },
      })
      if (retryable && status !== 409) t.ok(response?.headers?.['Retry-After'], `${status} may say when`)
    }
    t.notOk(responses['499'], 'no caller is left to read `cancelled`')
  }
  t.strictSame(schemas.ProblemCode?.enum, problemCodes)
})

t.test('a token of this service is asked for where it has any, but for what is open to all', async (t) => {
  for (const { name, operation } of operations) {
    const isOpen = ['/healthz', '/readyz', '/openapi.json', '/docs'].includes(name.slice('GET '.length))
    const expected = isOpen ? [] : [{ callerToken: [] }, {}]
    t.strictSame(operation.security, expected, name)
  }
  t.match(document.components.securitySchemes, { callerToken: { type: 'http', scheme: 'bearer' } })
})

t.test('every component is named as it is called, and used', async (t) => {
  const references = new Set(
    [...objectsIn(document)].flatMap(([, { $ref }]) => (typeof $ref === 'string' ? [$ref] : [])),
  )
  t.ok(references.size > 30)
  for (const [name, schema] of Object.entries(schemas)) {
    t.equal(schema.title, name)
    t.ok(references.has(PREFIX + name), `${name} is used`)
  }
  for (const reference of references) t.ok(schemas[reference.slice(PREFIX.length)], `${reference} is there`)
})

t.test('every schema and type of the library is a component under its own name', async (t) => {
  const exported = { ...requests, ...results, ...events }
  const names = Object.keys(exported).filter((name) => /^[A-Z]/.test(name))
  t.ok(names.length > 40)
  for (const name of names) t.ok(schemas[name], name)
  const ofGo = `Endpoint EndpointRole EndpointAuth RefMapping RefScope SyncPolicy OperationMode ProtocolMode Action RefKind
    RefInfo RefPlan RefResult SyncCounts BatchSummary ExecutionSummary ServiceStats SideBytes Stats Measurement
    ProbeRequest PlanRequest SyncRequest ProbeResult PlanResult SyncResult Problem Event`
  for (const name of ofGo.split(/\s+/)) t.ok(schemas[name], name)
})

t.test('what is a component is nowhere written out again', async (t) => {
  const essence = ({ title: _, description: __, ...rest }: Json) => JSON.stringify(rest)
  const known = new Map(Object.entries(schemas).map(([name, schema]) => [essence(schema), name]))
  for (const [path, value] of objectsIn(document)) {
    if (/^\/components\/schemas\/\w+$/.test(path)) continue
    const name = known.get(essence(value))
    if (name) t.fail(`${path} is ${name} written out`)
    if (typeof value.title === 'string' && value.type)
      t.fail(`${path} has the title ${value.title}, but is not a component`)
  }
  // Each but these is one of a kind; a planned ref has the fields of a result, and a plan's request those of a sync.
  const twins = Object.keys(schemas).filter((name) => known.get(essence(schemas[name] as Json)) !== name)
  t.strictSame(twins.sort(), ['PlanRequest', 'RefResult'])
})

t.test('Event is a union with its type as the discriminator', async (t) => {
  const event = schemas.Event as {
    oneOf: { $ref: string }[]
    discriminator: { propertyName: string; mapping: Json }
  }
  t.equal(event.discriminator.propertyName, 'type')
  t.notOk('anyOf' in event)
  const members = event.oneOf.map(({ $ref }) => $ref)
  t.equal(members.length, events.Event.anyOf.length)
  t.strictSame(Object.values(event.discriminator.mapping), members)
  for (const [type, reference] of Object.entries(event.discriminator.mapping)) {
    const member = schemas[String(reference).slice(PREFIX.length)]
    t.match(member, { required: ['type'], properties: { type: { type: 'string', enum: [type] } } }, type)
  }
})

t.test('requests are closed, and what comes back is open', async (t) => {
  const isRequest = (name: string) => name in requests
  for (const [name, schema] of Object.entries(schemas)) {
    if (schema.type !== 'object') continue
    if (isRequest(name)) t.equal(schema.additionalProperties, false, `${name} is closed`)
    else t.notOk('additionalProperties' in schema, `${name} is open`)
  }
  for (const [path, value] of objectsIn(schemas)) {
    const [, name = ''] = path.split('/')
    if (value.type === 'object' && isRequest(name))
      t.equal(value.additionalProperties, false, `${path} is closed`)
    else if (value.additionalProperties === false) t.fail(`${path} is closed`)
  }
})

t.test('enumerations are strings with an enum, and nothing is a union of constants', async (t) => {
  let enumerations = 0
  for (const [path, value] of objectsIn(document)) {
    if (/\/(properties|mapping|schemas)$/.test(path)) continue
    if ('const' in value) t.fail(`${path} is a constant`)
    if (!('enum' in value)) continue
    enumerations++
    t.equal(value.type, 'string', path)
    t.ok(Array.isArray(value.enum) && value.enum.every((item) => typeof item === 'string'), path)
  }
  t.ok(enumerations > 20)
})

t.test('what Go may marshal as null may be null', async (t) => {
  const properties = (name: string) => schemas[name]?.properties as Record<string, Json>
  const lists = [
    ...['branches', 'mappings', 'excludeRefPrefixes', 'excludeRefs'].map(
      (key) => properties('RefScope')[key],
    ),
    properties('ProbeRequest').excludeRefPrefixes,
    properties('TransferOptions').pushOptions,
  ]
  for (const list of lists) t.match(list, { type: ['array', 'null'], items: Object })
  t.strictSame(properties('ProbeRequest').target?.anyOf, [{ $ref: `${PREFIX}Endpoint` }, { type: 'null' }])
})

t.test('it holds JSON Schema of 2020-12 and nothing of OpenAPI 3.0 or of TypeBox', async (t) => {
  for (const [path, value] of objectsIn(document)) {
    if (/\/(properties|mapping|schemas)$/.test(path)) continue
    for (const key of ['nullable', 'definitions', '$id', 'patternProperties', '~kind', '~optional']) {
      if (key in value) t.fail(`${path} has ${key}`)
    }
  }
  t.match(schemas.Stats, {
    properties: { items: { additionalProperties: { $ref: `${PREFIX}ServiceStats` } } },
  })
})
