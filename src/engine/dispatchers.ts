import { Agent, type Dispatcher } from 'undici'
import type { EndpointRole } from '../../schemas/event.js'
import { GitSyncError } from '../errors.js'
import { patientConnector } from '../git/connector.js'

/** Gives the dispatcher for one side of a run. */
export type DispatcherProvider = (options: { role: EndpointRole; skipTlsVerify: boolean }) => Dispatcher

export function defaultDispatchers(): DispatcherProvider {
  return perSide((rejectUnauthorized) => new Agent({ connect: patientConnector({ rejectUnauthorized }) }))
}

/** Agents of their own for each side, so that a push never meets an idle connection of a fetch. */
export function perSide(makeAgent: (rejectUnauthorized: boolean) => Dispatcher): DispatcherProvider {
  const agents = new Map<string, Dispatcher>()
  return ({ role, skipTlsVerify }) => {
    const key = `${role} ${skipTlsVerify}`
    const agent = agents.get(key) ?? makeAgent(!skipTlsVerify)
    agents.set(key, agent)
    return agent
  }
}

/** @throws GitSyncError `egress_denied` where TLS cannot be left unverified */
export function resolveDispatcher(
  dispatcher: Dispatcher | DispatcherProvider,
  role: EndpointRole,
  skipTlsVerify: boolean,
): Dispatcher {
  if (typeof dispatcher === 'function') return dispatcher({ role, skipTlsVerify })
  if (!skipTlsVerify) return dispatcher
  const hint = 'this client was given one dispatcher; give it a function of { role, skipTlsVerify } instead'
  throw new GitSyncError('egress_denied', `auth.${role}.skipTlsVerify is not allowed: ${hint}.`)
}
