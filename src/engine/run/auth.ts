import type { EndpointRole } from '../../../schemas/event.js'
import type { Auth, Endpoint, EndpointAuth } from '../../../schemas/request.js'
import { GitSyncError } from '../../errors.js'
import { Credentials } from '../../git/secrets/credentials.js'
import { pointer, worded } from '../../wording.js'
import { credentialProblems } from '../request/validate-auth.js'
import { callbackError } from './callbacks.js'

/** Finds the credentials for a remote where the request brings none. */
export interface AuthProvider {
  authFor(
    endpoint: Endpoint,
    role: EndpointRole,
    options: { signal: AbortSignal },
  ): EndpointAuth | undefined | Promise<EndpointAuth | undefined>
}

/** The same credentials for every source, and for every target. */
export class StaticAuthProvider implements AuthProvider {
  readonly #auth: Auth

  constructor(auth: Auth) {
    this.#auth = auth
  }

  authFor(_endpoint: Endpoint, role: EndpointRole): EndpointAuth {
    return this.#auth[role] ?? {}
  }
}

/** Whom the credentials are for. */
export interface AuthQuestion {
  endpoint: Endpoint
  role: EndpointRole
  signal: AbortSignal
}

/** A request's own credentials win, side by side; empty tokens are none. */
export async function resolveAuth(
  own: EndpointAuth | undefined,
  provider: AuthProvider | undefined,
  question: AuthQuestion,
): Promise<{ auth: EndpointAuth; credentials: Credentials; skipTlsVerify: boolean }> {
  const hasOwn = own !== undefined && Boolean(own.token || own.bearerToken)
  const found = hasOwn ? own : await askProvider(provider, question)
  const skipTlsVerify = own?.skipTlsVerify === true || found.skipTlsVerify === true
  checkSendable(found, question.role, hasOwn)
  return { auth: found, credentials: new Credentials(found), skipTlsVerify }
}

async function askProvider(
  provider: AuthProvider | undefined,
  { endpoint, role, signal }: AuthQuestion,
): Promise<EndpointAuth> {
  try {
    return (await provider?.authFor(endpoint, role, { signal })) ?? {}
  } catch (error) {
    // A provider that heeds the signal throws at its end.
    signal.throwIfAborted()
    throw callbackError('AuthProvider', error)
  }
}

/** Credentials of a library's provider or of a store are not validated with the request. */
function checkSendable(found: EndpointAuth, role: EndpointRole, isOfRequest: boolean): void {
  const { bearerToken = '' } = found
  const [problem] = credentialProblems({ bearerToken }, `/auth/${role}`)
  if (problem === undefined) return
  const where = isOfRequest ? pointer(problem.path) : `The bearer token that is stored for the ${role}`
  const details = isOfRequest ? { errors: [problem] } : {}
  throw new GitSyncError('invalid_request', worded`${where} ${problem.message}.`, details)
}
