import { inspect } from 'node:util'
import type { EndpointAuth } from '../../../schemas/request.js'

const REDACTED = '[redacted]'

/** The credentials for one remote. They never print themselves: only `authorization` returns the secret. */
export class Credentials {
  readonly #authorization: string | undefined

  /** Empty tokens mean no credentials; a bearer token takes precedence; the user name defaults to `git`. */
  constructor(auth: EndpointAuth = {}) {
    const { bearerToken = '', token = '' } = auth
    const username = auth.username || 'git'
    if (bearerToken !== '') {
      this.#authorization = `Bearer ${bearerToken}`
    } else if (token !== '') {
      this.#authorization = `Basic ${Buffer.from(`${username}:${token}`).toString('base64')}`
    }
  }

  /** The value of the `Authorization` header, if there is one. */
  authorization(): string | undefined {
    return this.#authorization
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [inspect.custom](): string {
    return REDACTED
  }
}

/** A secret that was read from a file, such as a Kubernetes secret, may have brought the file's line end along. */
export function withoutLineEnd(secret: string): string
export function withoutLineEnd(secret: string | undefined): string | undefined
export function withoutLineEnd(secret: string | undefined): string | undefined {
  return secret?.replace(/[\r\n]+$/, '')
}
