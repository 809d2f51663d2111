import { type ProxySettings, parseProxy } from '../git/connections/dial-by-proxy.js'
import { SettingError } from './setting-error.js'

/**
 * The variables that other programs know too, in lower case or, where that is not set, in upper case.
 *
 * @throws SettingError
 */
export function readProxies(env: NodeJS.ProcessEnv): ProxySettings | undefined {
  const read = (name: string) => env[name.toLowerCase()] || env[name] || ''
  const proxy = (name: string) => {
    const url = withScheme(read(name))
    // It may carry a password, so it is not shown.
    if (url !== '' && !isProxy(url)) {
      throw new SettingError(`${name} must be host:port, or an http:// or https:// URL`)
    }
    return url
  }
  const [httpProxy, httpsProxy] = [proxy('HTTP_PROXY'), proxy('HTTPS_PROXY')]
  if (httpProxy === '' && httpsProxy === '') return undefined
  return { httpProxy, httpsProxy, noProxy: read('NO_PROXY') }
}

/** As curl reads it: a proxy without a scheme speaks plain HTTP. */
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
