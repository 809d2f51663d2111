import { isIP } from 'node:net'
import rateLimitPlugin, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GitSyncError } from '../../errors.js'
import { type Caller, findCaller } from './callers.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The name that belongs to the caller's token, or its address if no token is required. */
    caller: string
  }
}

export interface AccessOptions {
  /** The current callers and their tokens; without it, no token is required. */
  callers?: (() => readonly Caller[] | Promise<readonly Caller[]>) | undefined
  /** Requests a minute for each caller; without it, there is no limit. */
  rateLimit?: number | undefined
}

const MINUTE = 60_000
/** Wrong tokens a minute from one address: enough for a caller whose token has expired, too few to guess one. */
const MAX_WRONG_TOKENS = 100
const OPEN = /^\/(?:healthz|readyz|openapi\.json|docs(?:\/.*)?)$/

/** Checks tokens and rate limits. Requests for unknown routes get their 404 before this. */
export async function controlAccess(
  app: FastifyInstance,
  { callers, rateLimit }: AccessOptions,
): Promise<void> {
  await app.register(rateLimitPlugin, {
    global: rateLimit !== undefined,
    max: rateLimit ?? 0,
    timeWindow: MINUTE,
    keyGenerator: ({ caller }) => (isIP(caller) === 0 ? caller : normalizeIP(caller)),
    errorResponseBuilder: (_request, { ttl }) => tooMany('requests', ttl),
  })
  const wrongTokens = app.createRateLimit({
    max: MAX_WRONG_TOKENS,
    keyGenerator: ({ ip }: FastifyRequest) => normalizeIP(ip),
  })
  app.decorateRequest('caller', '')
  app.addHook('onRequest', async (request, reply) => {
    request.caller = request.ip
    if (!callers || OPEN.test(request.routeOptions.url ?? '')) return
    const { authorization } = request.headers
    const known = await callers()
    // After too many wrong tokens even the right one is refused: otherwise guessing could continue unnoticed.
    const before = await wrongTokens(request, { increment: false })
    if (!before.isAllowed && before.remaining === 0) throw tooMany('wrong tokens', before.ttl)
    const caller = findCaller(known, authorization)
    if (caller === undefined) {
      if (authorization !== undefined) await wrongTokens(request)
      reply.header('www-authenticate', 'Bearer')
      const hint = 'with a token from GITSYNC_API_TOKENS or GITSYNC_API_TOKENS_FILE'
      throw new GitSyncError(
        'unauthorized',
        `Authentication required: send "Authorization: Bearer <token>" ${hint}.`,
      )
    }
    request.caller = caller
  })
}

function tooMany(what: string, ttl: number): GitSyncError {
  const retryAfter = Math.ceil(ttl / 1000)
  return new GitSyncError('rate_limited', `Too many ${what} in one minute; wait ${retryAfter} seconds.`, {
    retryAfter,
  })
}
