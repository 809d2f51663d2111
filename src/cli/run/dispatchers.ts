import { type DispatcherProvider, perUse } from '../../engine/run/dispatchers.js'
import { agentThatDials } from '../../git/connections/connections.js'
import { dialDirectly } from '../../git/connections/dial.js'
import { dialByProxy } from '../../git/connections/dial-by-proxy.js'
import { dialThrough } from '../../git/connections/proxy-tunnel.js'
import { readProxies } from '../../settings/proxies.js'

/** Connections through `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. @throws SettingError */
export function proxiedDispatchers(env: NodeJS.ProcessEnv): DispatcherProvider {
  const proxies = readProxies(env)
  return perUse((rejectUnauthorized) => {
    const tls = { rejectUnauthorized }
    const direct = dialDirectly(tls)
    return agentThatDials(proxies ? dialByProxy(proxies, direct, (proxy) => dialThrough(proxy, tls)) : direct)
  })
}
