import type { Attributes, Span } from '@opentelemetry/api'
import { VERSION } from '../version.js'

type OpenTelemetry = typeof import('@opentelemetry/api')

/** Where each copy of the OpenTelemetry API, of any 1.x version, keeps what an SDK has registered. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1')

let loaded: OpenTelemetry | undefined

/** The API: a process that nobody traces never loads it. */
async function loadApi(): Promise<OpenTelemetry> {
  loaded = await import('@opentelemetry/api')
  return loaded
}

/**
 * Does work under a span of its own. Without an OpenTelemetry SDK in the process this is the work alone, and there is no span. Of an error
 * the span keeps its code: words may come from a remote.
 */
export async function traced<T>(
  name: string,
  attributes: Attributes,
  work: (span?: Span) => Promise<T>,
): Promise<T> {
  if (!(REGISTERED in globalThis)) return work()
  const api = loaded ?? (await loadApi())
  const inSpan = (span: Span) => underSpan(api, span, work)
  return api.trace.getTracer('git-sync', VERSION).startActiveSpan(name, { attributes }, inSpan)
}

async function underSpan<T>(api: OpenTelemetry, span: Span, work: (span: Span) => Promise<T>): Promise<T> {
  try {
    return await work(span)
  } catch (error) {
    span.setAttribute('error.type', errorType(error))
    span.setStatus({ code: api.SpanStatusCode.ERROR })
    throw error
  } finally {
    span.end()
  }
}

/**
 * The header that tells a remote which trace its request belongs to. `baggage` and `tracestate` hold what others have put there,
 * for their own services and not for third parties.
 */
export function traceHeaders(): Record<string, string> {
  // Requests are made within `traced` work, which has loaded the API where it is used.
  if (!loaded) return {}
  const headers: { traceparent?: string } = {}
  loaded.propagation.inject(loaded.context.active(), headers)
  const { traceparent } = headers
  return traceparent === undefined ? {} : { traceparent }
}

function errorType(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown }
  return String(code ?? name ?? 'unknown')
}
