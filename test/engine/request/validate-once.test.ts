import t from 'tap'
import { validateAndFreeze, validateOnce } from '../../../src/engine/request/validate-once.js'
import type { SyncRequest } from '../../../src/index.js'

const body = (): SyncRequest => ({
  source: { url: 'https://git.example.com/a.git' },
  target: { url: 'https://git.example.com/b.git' },
  scope: { excludeRefs: ['refs/heads/z'], mappings: [{ source: 'refs/heads/x', target: 'refs/heads/y' }] },
})

t.test('what was validated once cannot be changed afterwards, however deep', async (t) => {
  const request = validateAndFreeze('sync', body())
  t.equal(validateOnce('sync', request), request)
  const changes: (() => void)[] = [
    () => Object.assign(request, { unknown: true }),
    () => Object.assign(request.target, { url: 'no URL' }),
    () => request.scope?.excludeRefs?.push(''),
    () => Object.assign(request.scope?.mappings?.[0] ?? {}, { target: 1 }),
    () => Object.setPrototypeOf(request, { policy: 1 }),
  ]
  for (const change of changes) t.throws(change, { name: 'TypeError' })
})

t.test('what can be changed is validated whenever it is handed over', async (t) => {
  const request = body()
  t.equal(validateOnce('sync', request), request)
  request.target.url = 'no URL'
  t.throws(() => validateOnce('sync', request), { code: 'invalid_request' })
  const frozen = Object.freeze({ ...body(), unknown: true })
  t.throws(() => validateOnce('sync', frozen), { code: 'invalid_request' }, 'frozen by somebody else')
  const copy = { ...validateAndFreeze('sync', body()), source: { url: 'no URL' } }
  t.throws(() => validateOnce('sync', copy), { code: 'invalid_request' }, 'a copy of a valid one')
})

t.test('a request is valid for the operation that it was validated for, and for no other', async (t) => {
  const probe = validateAndFreeze('probe', { source: body().source })
  t.throws(() => validateOnce('sync', probe), { code: 'invalid_request' })
  const replicate = validateAndFreeze('replicate', body())
  t.equal(validateOnce('replicate', replicate), replicate)
  t.equal(replicate.policy?.mode, 'replicate')
  t.throws(() => validateAndFreeze('sync', { source: body().source }), { code: 'invalid_request' })
})
