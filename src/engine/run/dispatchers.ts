import type { Dispatcher } from 'undici'
import type { EndpointRole } from '../../../schemas/event.js'
import { GitSyncError } from '../../errors.js'
import { agentThatDials } from '../../git/connections/connections.js'
import { dialDirectly } from '../../git/connections/dial.js'
import type { Access } from '../../git/http/exchange.js'
import { setting, worded } from '../../wording.js'
import { callbackError } from './callbacks.js'

/** The purpose of connections. */
export interface ConnectionUse {
  role: EndpointRole
  /** A push needs a new connection: part of it may be lost over one that was idle. */
  isPush: boolean
  skipTlsVerify: boolean
  /** To hosts that an LFS server names for its objects. */
  isStorage?: true
}

/** Gives the dispatcher for one use; where pushes have one of their own, other connections are kept for later. */
export type DispatcherProvider = (use: ConnectionUse) => Dispatcher

export function defaultDispatchers(): DispatcherProvider {
  return perUse((rejectUnauthorized) => agentThatDials(dialDirectly({ rejectUnauthorized })))
}

/** Makes a dispatcher for each use, once. */
export function perUse(make: (rejectUnauthorized: boolean) => Dispatcher): DispatcherProvider {
  const made = new Map<string, Dispatcher>()
  return ({ role, isPush, skipTlsVerify, isStorage }) => {
    const key = `${role} ${isPush} ${skipTlsVerify} ${isStorage}`
    const dispatcher = made.get(key) ?? make(!skipTlsVerify)
    made.set(key, dispatcher)
    return dispatcher
  }
}

/** @throws GitSyncError `egress_denied` where TLS cannot be left unverified */
export function resolveDispatchers(
  dispatcher: Dispatcher | DispatcherProvider,
  role: EndpointRole,
  skipTlsVerify: boolean,
): Pick<Access, 'dispatcher' | 'pushDispatcher' | 'storageDispatcher'> {
  if (typeof dispatcher === 'function') {
    const use = { role, skipTlsVerify }
    const usual = ask(dispatcher, { ...use, isPush: false })
    return {
      dispatcher: usual,
      pushDispatcher: role === 'target' ? ask(dispatcher, { ...use, isPush: true }) : usual,
      // Few runs need one.
      get storageDispatcher() {
        return ask(dispatcher, { ...use, isPush: false, isStorage: true })
      },
    }
  }
  if (!skipTlsVerify) return { dispatcher, pushDispatcher: dispatcher }
  const hint =
    'this client was given one dispatcher; give it a function of { role, isPush, skipTlsVerify } instead'
  const denied = setting(`auth.${role}.skipTlsVerify`)
  throw new GitSyncError('egress_denied', worded`${denied} is not allowed: ${hint}.`)
}

function ask(provide: DispatcherProvider, use: ConnectionUse): Dispatcher {
  try {
    return provide(use)
  } catch (error) {
    throw callbackError('dispatcher', error)
  }
}
