import { readFileSync } from 'node:fs'
import { Deployment } from 'kubernetes-models/apps/v1'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { Service } from 'kubernetes-models/v1'
import ms from 'ms'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { buildApp } from '../src/app.js'
import { Client } from '../src/index.js'
import { projectFile } from '../testing/project/project.js'

/** A kind of Kubernetes: an object of it checks itself against the schema of the API. */
type Model = new (data: never) => { validate(): void }
const models: Record<string, Model> = {
  'apps/v1 Deployment': Deployment,
  'v1 Service': Service,
  'policy/v1 PodDisruptionBudget': PodDisruptionBudget,
  'networking.k8s.io/v1 NetworkPolicy': NetworkPolicy,
  'autoscaling/v2 HorizontalPodAutoscaler': HorizontalPodAutoscaler,
}

interface Resource {
  apiVersion: string
  kind: string
}

const documents = parseAllDocuments(readFileSync(projectFile('deploy/kubernetes.yaml'), 'utf8'))
const resources = documents.map((document) => document.toJS() as Resource)

/** Checks a resource by its schema, which lets unknown properties pass: they are those that it has not looked at. */
function check(resource: Resource): void {
  const Kind = models[`${resource.apiVersion} ${resource.kind}`]
  if (!Kind) throw new Error(`no schema of ${resource.apiVersion} ${resource.kind}`)
  const seen = new Set<string>()
  watched(new Kind(resource as never), '', seen).validate()
  const unknown = pathsIn(resource).filter((path) => !seen.has(path))
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}`)
}

/** Notes the path of each property that is read. */
function watched<T extends object>(object: T, path: string, seen: Set<string>): T {
  return new Proxy(object, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key)
      const own = `${path}/${String(key)}`
      seen.add(own)
      return typeof value === 'object' && value !== null ? watched(value, own, seen) : value
    },
  })
}

function pathsIn(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => [
    `${path}/${key}`,
    ...pathsIn(item, `${path}/${key}`),
  ])
}

t.test('it is YAML without errors, warnings or keys that stand there twice', async (t) => {
  for (const { errors, warnings } of documents) t.strictSame([...errors, ...warnings], [])
})

t.test('every resource fits the schema of the Kubernetes API', async (t) => {
  t.strictSame(
    resources.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`).sort(),
    Object.keys(models).sort(),
  )
  for (const resource of resources) t.doesNotThrow(() => check(resource), resource.kind)
})

t.test('the schema check can fail', async (t) => {
  const text = JSON.stringify(deployment())
  const broken = {
    'a misspelt property': text.replace('"livenessProbe"', '"livelinessProbe"'),
    'a wrong type': text.replace('"replicas":2', '"replicas":"two"'),
    'a missing property': text.replace('"selector"', '"labels"'),
  }
  for (const [what, changed] of Object.entries(broken)) {
    t.not(changed, text, what)
    t.throws(() => check(JSON.parse(changed) as Resource), what)
  }
})

t.test('the pods have the time to shut down, and probes of routes that the service has', async (t) => {
  const { spec } = deployment().spec.template
  const [container] = spec.containers
  const grace = container?.env.find(({ name }) => name === 'GITSYNC_SHUTDOWN_GRACE')?.value
  const needed = ms(grace as '10m') / 1000 + Number(container?.lifecycle.preStop.sleep.seconds) + 15
  t.ok(spec.terminationGracePeriodSeconds > needed, `${spec.terminationGracePeriodSeconds} > ${needed}`)
  const app = await buildApp({ client: new Client() })
  for (const probe of [container?.startupProbe, container?.livenessProbe, container?.readinessProbe])
    t.ok(app.hasRoute({ method: 'GET', url: String(probe?.httpGet.path) }))
  t.equal(container?.readinessProbe.httpGet.path, '/readyz')
  await app.close()
})

t.test('the pods have no rights that they do not need', async (t) => {
  const { spec } = deployment().spec.template
  t.match(spec, { automountServiceAccountToken: false, securityContext: { runAsNonRoot: true } })
  t.match(spec.containers, [
    {
      resources: { requests: { cpu: /./, memory: /./ }, limits: { memory: /./ } },
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
    },
  ])
})

interface Probe {
  httpGet: { path: string }
}

interface DeploymentShape extends Resource {
  spec: {
    template: {
      spec: {
        terminationGracePeriodSeconds: number
        containers: {
          env: { name: string; value: string }[]
          lifecycle: { preStop: { sleep: { seconds: number } } }
          startupProbe: Probe
          livenessProbe: Probe
          readinessProbe: Probe
        }[]
      }
    }
  }
}

function deployment(): DeploymentShape {
  return resources.find(({ kind }) => kind === 'Deployment') as DeploymentShape
}
