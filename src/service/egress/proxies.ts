import type { Dial } from '../../git/connections/dial.js'
import { portOf } from '../../git/connections/dial.js'
import type { ProxyServer } from '../../git/connections/proxy-tunnel.js'
import { SettingError } from '../../settings/setting-error.js'
import { bareName } from './allowed-hosts.js'
import { NoProxy } from './no-proxy.js'

/** Proxies for each scheme; '' means none. */
export interface ProxySettings {
  httpProxy: string
  httpsProxy: string
  noProxy: string
}

/**
 * Reads the usual proxy variables, in lower case or, if that is not set, in upper case.
 *
 * @throws SettingError
 */
export function readProxies(env: NodeJS.ProcessEnv): ProxySettings | undefined {
  const read = (name: string) => env[name.toLowerCase()] || env[name] || ''
  const proxy = (name: string) => {
    const url = withScheme(read(name))
    // The value may contain a password, so the error does not show it.
    if (url !== '' && !isProxy(url)) {
      throw new SettingError(`${name} must be host:port, or an http:// or https:// URL`)
    }
    return url
  }
  const [httpProxy, httpsProxy] = [proxy('HTTP_PROXY'), proxy('HTTPS_PROXY')]
  if (httpProxy === '' && httpsProxy === '') return undefined
  return { httpProxy, httpsProxy, noProxy: read('NO_PROXY') }
}

/** Dials each target through the proxy for its scheme, or directly. */
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

/** As in curl, a proxy without a scheme is one that speaks plain HTTP. */
function withScheme(url: string): string {
  return url === '' || url.includes('://') ? url : `http://${url}`
}

function isProxy(url: string): boolean {
  try {
    parseProxy(url)
    return /^https?:$/.test(new URL(url).protocol)
  } catch {
    return false
  }
}

function parseProxy(url: string): ProxyServer {
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
