import { type Attributes, context, propagation, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import { VERSION } from '../version.js'

/**
 * Does work under a span of its own. Without an OpenTelemetry SDK in the process this is the work alone. Of an error
 * the span keeps its code: words may come from a remote.
 */
export function traced<T>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  return trace.getTracer('git-sync', VERSION).startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work(span)
    } catch (error) {
      span.setAttribute('error.type', errorType(error))
      span.setStatus({ code: SpanStatusCode.ERROR })
      throw error
    } finally {
      span.end()
    }
  })
}

/**
 * The header that tells a remote which trace its request belongs to. `baggage` and `tracestate` hold what others have put there,
 * for their own services and not for third parties.
 */
export function traceHeaders(): Record<string, string> {
  const headers: { traceparent?: string } = {}
  propagation.inject(context.active(), headers)
  const { traceparent } = headers
  return traceparent === undefined ? {} : { traceparent }
}

function errorType(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown }
  return String(code ?? name ?? 'unknown')
}
