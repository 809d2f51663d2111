import { register } from 'node:module'
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node'

/** Stops tracing; resolves when the last spans have been exported. */
export type StopTracing = () => Promise<void>

/**
 * Starts OpenTelemetry traces if the standard variables enable them; otherwise none of the SDK is loaded. It must run
 * before Fastify is imported: modules that are already loaded cannot be instrumented.
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
  // Fastify is imported as an ES module, which only a loader hook can instrument.
  register('@opentelemetry/instrumentation/hook.mjs', import.meta.url, { data: { include: ['fastify'] } })
  const http = new HttpInstrumentation({
    disableOutgoingRequestInstrumentation: true,
    ignoreIncomingRequestHook: ({ url }) => UNTRACED.has(pathOf(url)),
    // Query strings have no meaning here, and could contain a secret by mistake.
    startIncomingSpanHook: ({ url }) => ({
      'http.url': undefined,
      'http.target': pathOf(url),
      'url.query': undefined,
    }),
  })
  const sdk = new NodeSDK({
    serviceName: env.OTEL_SERVICE_NAME || 'git-sync',
    instrumentations: [http, new FastifyInstrumentation()],
    // Metrics go to Prometheus, and logs to standard output.
    metricReaders: [],
    logRecordProcessors: [],
    ...overrides,
  })
  sdk.start()
  return () => sdk.shutdown()
}

/** Routes that monitoring requests every few seconds. */
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
