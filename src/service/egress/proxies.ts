import { SettingError } from '../setting-error.js'

/** Proxies to go through; '' is none. */
export interface ProxySettings {
  httpProxy: string
  httpsProxy: string
  noProxy: string
}

/**
 * The variables that other programs know too, in lower case or, where that is not set, in upper case.
 *
 * @throws SettingError
 */
export function readProxies(env: NodeJS.ProcessEnv): ProxySettings | undefined {
  const read = (name: string) => env[name.toLowerCase()] || env[name] || ''
  const proxy = (name: string) => {
    const url = read(name)
    const isProxy = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
    // It may carry a password, so it is not shown.
    if (url !== '' && !isProxy) throw new SettingError(`${name} must be an http:// or https:// URL`)
    return url
  }
  const [httpProxy, httpsProxy] = [proxy('HTTP_PROXY'), proxy('HTTPS_PROXY')]
  if (httpProxy === '' && httpsProxy === '') return undefined
  return { httpProxy, httpsProxy, noProxy: read('NO_PROXY') }
}
