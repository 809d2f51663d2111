import type { FieldProblem } from '../../schemas/problem.js'
import type { EndpointAuth } from '../../schemas/request.js'

/** Hardly any server takes longer ones, and each is looked for in all that a remote says. */
const MAX_SECRET = 16 * 1024
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what HTTP cannot carry
const CONTROL = /[\u0000-\u001f\u007f]/

const UNSENDABLE = 'has a character that no header can carry, a line end perhaps'

/** What is wrong with credentials; RFC 6750 has the characters of bearer tokens, RFC 7617 those of the basic ones. */
export function authProblems(auth: EndpointAuth = {}, path: string): FieldProblem[] {
  const fields = { bearerToken: /[^\x20-\x7e]/, token: CONTROL, username: CONTROL }
  return Object.entries(fields).flatMap(([field, unsendable]) => {
    const text = auth[field as keyof typeof fields] ?? ''
    if (unsendable.test(text)) return [{ path: `${path}/${field}`, message: UNSENDABLE }]
    if (text.length <= MAX_SECRET) return []
    return [{ path: `${path}/${field}`, message: `is longer than ${MAX_SECRET} characters` }]
  })
}
