import { type ProxySettings, parseProxy } from '../git/connections/dial-by-proxy.js'
import { SettingError } from './setting-error.js'

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
