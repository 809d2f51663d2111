import type { EndpointRole } from '../../schemas/event.js'
import type { Auth, Endpoint, EndpointAuth } from '../../schemas/request.js'
import { GitSyncError } from '../errors.js'
import { Credentials } from '../git/credentials.js'

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

/** A request's own credentials win, side by side; empty tokens are none. */
export async function resolveAuth(
  own: EndpointAuth | undefined,
  provider: AuthProvider | undefined,
  endpoint: Endpoint,
  role: EndpointRole,
  signal: AbortSignal,
): Promise<{ credentials: Credentials; skipTlsVerify: boolean }> {
  const hasOwn = own !== undefined && Boolean(own.token || own.bearerToken)
  const found = hasOwn ? own : ((await provider?.authFor(endpoint, role, { signal })) ?? {})
  const skipTlsVerify = own?.skipTlsVerify === true || found.skipTlsVerify === true
  if (/[^\x20-\x7e]/.test(found.bearerToken ?? '')) throw unsendable(role)
  return { credentials: new Credentials(found), skipTlsVerify }
}

function unsendable(role: EndpointRole): GitSyncError {
  const path = `/auth/${role}/bearerToken`
  const message = 'has a character that no header can carry, a line end perhaps'
  return new GitSyncError('invalid_request', `${path} ${message}.`, { errors: [{ path, message }] })
}
