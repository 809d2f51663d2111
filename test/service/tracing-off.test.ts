import { createRequire } from 'node:module'
import { trace } from '@opentelemetry/api'
import t from 'tap'
import { traced, traceHeaders } from '../../src/runtime/trace.js'
import { startTracing } from '../../src/service/tracing.js'

const off: Record<string, NodeJS.ProcessEnv> = {
  'nothing is set': {},
  'the variables are empty': { OTEL_TRACES_EXPORTER: '', OTEL_EXPORTER_OTLP_ENDPOINT: '' },
  'the exporter is none': {
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
  },
  'the SDK is disabled': { OTEL_TRACES_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'true' },
}

for (const [what, env] of Object.entries(off)) {
  t.test(`where ${what} nothing of OpenTelemetry's SDK is loaded`, async (t) => {
    const stop = await startTracing(env)
    const loaded = Object.keys(createRequire(import.meta.url).cache)
    t.strictSame(
      loaded.filter((path) => /@opentelemetry\/(sdk|instrumentation|exporter)/.test(path)),
      [],
    )
    await stop()
    t.equal(await traced('work', {}, async () => trace.getActiveSpan()?.isRecording() ?? false), false)
    t.strictSame(traceHeaders(), {})
  })
}

t.test('an error passes through a span as it is', async (t) => {
  const error = new Error('as it is')
  await t.rejects(
    traced('work', {}, async () => {
      throw error
    }),
    error,
  )
})
