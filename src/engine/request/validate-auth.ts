import type { FieldProblem } from '../../../schemas/problem.js'
import type { Auth, EndpointAuth } from '../../../schemas/request.js'
import { NOT_TEXT } from './validate-text.js'

/** Hardly any server accepts longer ones, and all text of a remote is searched for each. */
const MAX_SECRET = 16 * 1024
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what HTTP cannot carry
const CONTROL = /[\u0000-\u001f\u007f]/

const UNSENDABLE = 'has a character that no header can carry, a line end perhaps'

/** Problems of the credentials of a request. */
export function* authProblems(auth: Auth = {}): Generator<FieldProblem> {
  for (const side of ['source', 'target'] as const)
    yield* credentialProblems(auth[side] ?? {}, `/auth/${side}`)
}

/** The same of one side; RFC 6750 has the characters of bearer tokens, RFC 7617 those of the basic ones. */
export function* credentialProblems(auth: EndpointAuth, path: string): Generator<FieldProblem> {
  const fields = { bearerToken: /[^\x20-\x7e]/, token: CONTROL, username: CONTROL }
  for (const [field, unsendable] of Object.entries(fields)) {
    const text = auth[field as keyof typeof fields] ?? ''
    const at = `${path}/${field}`
    if (!text.isWellFormed()) yield { path: at, message: NOT_TEXT }
    else if (unsendable.test(text)) yield { path: at, message: UNSENDABLE }
    else if (text.length > MAX_SECRET) yield { path: at, message: `is longer than ${MAX_SECRET} characters` }
  }
}
