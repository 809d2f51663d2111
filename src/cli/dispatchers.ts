import { EnvHttpProxyAgent } from 'undici'
import { type DispatcherProvider, perUse } from '../engine/dispatchers.js'
import { patientConnector } from '../git/connector.js'

/** Connections by way of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. */
export function proxiedDispatchers(): DispatcherProvider {
  return perUse((rejectUnauthorized) => {
    const tls = { rejectUnauthorized }
    return new EnvHttpProxyAgent({ connect: patientConnector(tls), requestTls: tls })
  })
}
