import type { Dial } from './dial.js'
import { portOf } from './dial.js'
import { bareName } from './host-name.js'
import { NoProxy } from './no-proxy.js'
import type { ProxyServer } from './proxy-tunnel.js'

/** Proxies to go through; '' is none. */
export interface ProxySettings {
  httpProxy: string
  httpsProxy: string
  noProxy: string
}

/** Dials each target as the settings have it: through the proxy for its scheme, or directly. */
export function dialByProxy(
  { httpProxy, httpsProxy, noProxy }: ProxySettings,
  direct: Dial,
  through: (proxy: ProxyServer) => Dial,
): Dial {
  const excepted = new NoProxy(noProxy)
  const dialVia = (url: string) => (url === '' ? direct : through(parseProxy(url)))
  const [http, https] = [dialVia(httpProxy), dialVia(httpsProxy || httpProxy)]
  return (target, signal) => {
    const isExcepted = excepted.covers(target.hostname, portOf(target))
    const dial = isExcepted ? direct : target.protocol === 'https:' ? https : http
    return dial(target, signal)
  }
}

/** @throws TypeError for what is not a URL */
export function parseProxy(url: string): ProxyServer {
  const { protocol, hostname, port, host, username, password } = new URL(url)
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return {
    protocol: protocol as ProxyServer['protocol'],
    hostname: bareName(hostname),
    port,
    host,
    authorization: user === ':' ? undefined : `Basic ${Buffer.from(user).toString('base64')}`,
  }
}
