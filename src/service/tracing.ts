import { register } from 'node:module'
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node'

/** Ends tracing, when the last spans are exported. */
export type StopTracing = () => Promise<void>

/**
 * Starts OpenTelemetry traces where the standard variables ask for them; else nothing of it is even loaded. It has
 * to be there before Fastify is: what is loaded already cannot be traced.
 */
export async function startTracing(
  env: NodeJS.ProcessEnv,
  overrides: Partial<NodeSDKConfiguration> = {},
): Promise<StopTracing> {
  if (!isEnabled(env)) return async () => {}
  const [{ NodeSDK }, { FastifyInstrumentation }, { HttpInstrumentation }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/instrumentation-fastify'),
    import('@opentelemetry/instrumentation-http'),
  ])
  // Fastify is imported as a module, which only a loader's hook can reach.
  register('@opentelemetry/instrumentation/hook.mjs', import.meta.url, { data: { include: ['fastify'] } })
  const http = new HttpInstrumentation({
    disableOutgoingRequestInstrumentation: true,
    ignoreIncomingRequestHook: ({ url }) => UNTRACED.has(pathOf(url)),
    // Queries mean nothing here, and may hold a secret by somebody's mistake.
    startIncomingSpanHook: ({ url }) => ({
      'http.url': undefined,
      'http.target': pathOf(url),
      'url.query': undefined,
    }),
  })
  const sdk = new NodeSDK({
    serviceName: env.OTEL_SERVICE_NAME || 'git-sync',
    instrumentations: [http, new FastifyInstrumentation()],
    // Metrics are for Prometheus, logs for standard output.
    metricReaders: [],
    logRecordProcessors: [],
    ...overrides,
  })
  sdk.start()
  return () => sdk.shutdown()
}

/** What machines ask every few seconds. */
const UNTRACED = new Set(['/healthz', '/readyz', '/metrics'])

function isEnabled(env: NodeJS.ProcessEnv): boolean {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return false
  const { OTEL_TRACES_EXPORTER: exporter } = env
  if (exporter) return exporter.trim() !== 'none'
  return Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)
}

function pathOf(url = ''): string {
  return url.split('?')[0] ?? ''
}
