import { type DispatcherProvider, perUse } from '../engine/dispatchers.js'
import { agentThatDials } from '../git/connections.js'
import { dialDirectly } from '../git/dial.js'
import { dialThrough } from '../git/proxy-tunnel.js'
import { dialByProxy, readProxies } from '../service/egress/proxies.js'

/** Connections by way of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. @throws SettingError */
export function proxiedDispatchers(env: NodeJS.ProcessEnv): DispatcherProvider {
  const proxies = readProxies(env)
  return perUse((rejectUnauthorized) => {
    const tls = { rejectUnauthorized }
    const direct = dialDirectly(tls)
    return agentThatDials(proxies ? dialByProxy(proxies, direct, (proxy) => dialThrough(proxy, tls)) : direct)
  })
}
