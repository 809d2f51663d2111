import { EnvHttpProxyAgent } from 'undici'
import type { DispatcherProvider } from '../engine/dispatchers.js'
import { patientConnector } from '../git/connector.js'

/** Connections by way of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`; for each side its own, as a push takes a fresh one. */
export function proxiedDispatchers(): DispatcherProvider {
  const agents = new Map<string, EnvHttpProxyAgent>()
  return ({ role, skipTlsVerify }) => {
    const key = `${role} ${skipTlsVerify}`
    const tls = { rejectUnauthorized: !skipTlsVerify }
    const agent =
      agents.get(key) ?? new EnvHttpProxyAgent({ connect: patientConnector(tls), requestTls: tls })
    agents.set(key, agent)
    return agent
  }
}
