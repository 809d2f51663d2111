import { isIP } from 'node:net'
import rateLimitPlugin, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GitSyncError } from '../../errors.js'
import { type Caller, findCaller } from './callers.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks: the name that goes with the token, or the address of one who needs none. */
    caller: string
  }
}

export interface AccessOptions {
  /** Those who may call, as they are at the moment; without it, everyone may. */
  callers?: (() => readonly Caller[] | Promise<readonly Caller[]>) | undefined
  /** Requests a minute and caller; without it, as many as come. */
  rateLimit?: number | undefined
}

const MINUTE = 60_000
/** Wrong tokens a minute from one address. Many enough for a caller whose token has run out, too few to guess one. */
const MAX_WRONG_TOKENS = 100
const OPEN = /^\/(?:healthz|readyz|openapi\.json|docs(?:\/.*)?)$/

/** Lets in those who may call, and each as often as allowed. What is no route is answered as such before. */
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
    // Not even the right token is looked at after so many wrong ones: else guessing would go on, unseen.
    const before = await wrongTokens(request, { increment: false })
    if (!before.isAllowed && before.remaining === 0) throw tooMany('wrong tokens', before.ttl)
    const caller = findCaller(known, authorization)
    if (caller === undefined) {
      if (authorization !== undefined) await wrongTokens(request)
      reply.header('www-authenticate', 'Bearer')
      const hint = 'send Authorization: Bearer and a token that GITSYNC_API_TOKENS or its file lists'
      throw new GitSyncError('unauthorized', `This service wants to know its callers: ${hint}.`)
    }
    request.caller = caller
  })
}

function tooMany(what: string, ttl: number): GitSyncError {
  const retryAfter = Math.ceil(ttl / 1000)
  return new GitSyncError('rate_limited', `Too many ${what} came in a minute; wait ${retryAfter} seconds.`, {
    retryAfter,
  })
}
