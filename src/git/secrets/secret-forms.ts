import type { EndpointAuth } from '../../../schemas/request.js'

/** One way to write a secret. */
export interface SecretForm {
  text: string
  /** The text it is recognized by, as it is compared: see `fold`. */
  key: string
}

/**
 * A long secret is recognized by its end, so that a search takes a time that grows with the text alone. Its beginning may be public: all JWTs
 * of an issuer have the same.
 */
const KEY_LENGTH = 64
/** Shorter pieces of base64 are found by chance. */
const MIN_PIECE = 8
/** With this password, hosts accept the token as the user name. */
const TOKEN_IS_USERNAME = 'x-oauth-basic'

/** All that must not be shown of one remote's credentials, in each form that a remote or a library may write it. */
export function secretForms({ username, token = '', bearerToken = '' }: EndpointAuth): SecretForm[] {
  const secrets = [token, bearerToken]
  if (token === TOKEN_IS_USERNAME && username) secrets.push(username)
  const texts = secrets.filter((secret) => secret !== '').flatMap(formsOf)
  if (token !== '') texts.push(...base64Of(`${username || 'git'}:${token}`))
  return [...new Set(texts)].map((text) => ({ text, key: fold(text.slice(-KEY_LENGTH)) }))
}

/** Maps letter case, and the two alphabets of base64, to one. The length stays. */
export function fold(text: string): string {
  return text
    .replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
    .replaceAll('-', '+')
    .replaceAll('_', '/')
}

function formsOf(secret: string): string[] {
  const wellFormed = secret.toWellFormed()
  const json = JSON.stringify(secret).slice(1, -1)
  const bytes = Buffer.from(secret)
  const latin1 = bytes.toString('latin1')
  return [
    secret,
    encodeURIComponent(wellFormed),
    new URLSearchParams([['', wellFormed]]).toString().slice(1),
    json,
    json.replaceAll('/', '\\/'),
    // UTF-8 as header values are read, and as lines are where they are not all UTF-8: see byte-text.ts.
    latin1,
    latin1.replace(/[\u0080-\u00ff]/g, (byte) => String.fromCharCode(0xdc00 + byte.charCodeAt(0))),
    ...base64Of(secret),
    ...[0, 1, 2].map((offset) => base64Inside(bytes, offset)).filter(({ length }) => length >= MIN_PIECE),
  ]
}

function base64Of(text: string): string[] {
  const padded = Buffer.from(text).toString('base64')
  return [padded, padded.replace(/=+$/, '')]
}

/** The base64 form of a secret inside longer text, whatever comes before and after it. */
function base64Inside(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
  const wholeDigits = Math.floor(((offset + bytes.length) * 8) / 6)
  return encoded.slice(Math.ceil((offset * 8) / 6), wholeDigits)
}
