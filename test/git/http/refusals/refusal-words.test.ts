import fc from 'fast-check'
import { test } from 'tap'
import { statusError } from '../../../../src/git/http/refusals/http-status.js'
import {
  causeOfRefusal,
  isAboutOneRef,
  namedRefCount,
  namedSizes,
  type RefusalCause,
} from '../../../../src/git/http/refusals/refusal-words.js'
import { holds } from '../../../../testing/property.js'

const words: Record<RefusalCause, string[]> = {
  'pack-size': [
    'fatal: pack exceeds maximum allowed size (97.66 KiB)',
    'fatal: pack exceeds maximum allowed size',
    'Schwerwiegend: Paket überschreitet die maximal erlaubte Größe (2.00 GiB)',
    'fatal: le paquet dépasse la taille maximale permise (97.66 Kio)',
    '致命错误：包超过了最大允许大小（97.66 KiB）',
    'Pack exceeds the limit of 100,000 bytes, rejecting the pack',
    'TF402462: The push was rejected because its size is greater than the 5120 MB limit for pushes in this repository.',
    'The push is too large',
    'Your push exceeds the maximum size of 250 MB',
    'Push size limit exceeded',
    'pack too large for current definition of off_t',
    'request body too large',
    'The target responded with HTTP 422. It says: the packfile is larger than 50 MiB',
    'You cannot push more than 2 GB',
    'The push is 3.1 GB, over the limit of 2 GB',
    'receive.maxInputSize is 100000',
    'payload exceeds the limit',
    'remote: more than 10000 commits, and skip-validation not set',
  ],
  'lfs-objects': [
    'remote: error: GH008: Your push referenced at least 1 unknown Git LFS object:',
    'GitLab: LFS objects are missing. Ensure LFS is properly set up or try a manual "git lfs push --all".',
  ],
  'ref-count': [
    '- Pushes can not update more than 5 branches or tags.',
    'Pushes can not update more than two branches or tags',
    'GitLab: You cannot push more than 10 tags at a time',
    'too many refs',
    'Too many ref updates in this push',
    'a limit of 100 refs per push',
    'A push can update at most 5 refs',
    'You can only push up to 3 branches or tags at once',
    'The number of references exceeds 4000',
    'Push exceeds the number of ref updates allowed (500)',
    'pushing 300 references exceeds the limit of 100',
    'Commands size exceeds limit defined in receive.maxCommandBytes',
  ],
  contents: [
    'fatal: fsck error in packed object',
    'fsck Fehler in gepacktem Objekt',
    'ошибка fsck в упакованных объектах',
    `error: object ${'a'.repeat(40)}: missingEmail: invalid author/committer line - missing email`,
    "error: File big.bin is 120.00 MB; this exceeds GitHub's file size limit of 100.00 MB",
    'remote: error: GH001: Large files detected. You may want to try Git Large File Storage',
    'File "big.bin" is larger than the allowed size of 1 MB. Use Git LFS to manage this file.',
    'Object too large (2,000,000 bytes), rejecting the pack. Max object size limit is 1,000,000 bytes.',
    'Your push was rejected: a file exceeds the size of 100 MB',
  ],
  storage: [
    'fatal: write error: No space left on device',
    'Disk quota exceeded',
    'Your push to this repository would cause it to exceed the allocated storage for your project.',
    'Your push has been rejected, because this repository has exceeded its size limit of 10 GB by 1 GB.',
    'Repository size limit exceeded',
    'The push was rejected because the repository would have exceeded the 10.0 GB limit for Git repository',
  ],
  server: [
    'error: insufficient permission for adding an object to repository database ./objects',
    'fatal: unable to create temporary file: Permission denied',
    'fatal: Out of memory, malloc failed (tried to allocate 1000 bytes)',
    'the hook timed out',
  ],
}

for (const [cause, lines] of Object.entries(words)) {
  test(`${cause}, in the words of servers`, async (t) => {
    for (const line of lines) {
      t.match(causeOfRefusal(`index-pack abnormal exit\n${line}\nmore`), { cause, line }, line)
    }
  })
}

test('words that tell no cause', async (t) => {
  const others = [
    'unpack-objects abnormal exit',
    'index-pack abnormal exit',
    'unpacker error',
    'pre-receive hook declined',
    'hook declined',
    'fatal: pack has 3 unresolved deltas',
    'fatal: pack is corrupted (SHA1 mismatch)',
    'push declined due to repository rule violations',
    'protected branch hook declined',
    'Missing delta base 0123',
    'You are not allowed to push code to this project.',
    'To push, create a merge request',
  ]
  for (const line of others) t.equal(causeOfRefusal(line), undefined, line)
})

test('our own words about a status tell no cause', async (t) => {
  for (const status of [400, 401, 403, 404, 405, 410, 422, 500, 501, 502, 503, 520]) {
    const { message } = statusError('target', { status, text: '', push: true })
    t.equal(causeOfRefusal(message), undefined, message)
  }
})

test('sizes that a text names', async (t) => {
  const cases: [string, number[]][] = [
    ['(97.66 KiB)', [97.66 * 1024]],
    ['the limit of 100,000 bytes, rejecting', [100_000]],
    ['limite de 100 000 octets', [100_000]],
    ['1.234.567 Bytes und 2,5 GB', [1_234_567, 2.5e9]],
    ['5120 MB', [5.12e9]],
    ['2 Go, 3Mio', [2e9, 3 * 1024 ** 2]],
    ['（2.00 GiB）', [2 * 1024 ** 3]],
    ['100 МиБ; 5 байт; 100字节', [100 * 1024 ** 2, 5, 100]],
    ['TF402462, ref 12, 3 branches, 4 big, 7 gibbons', []],
  ]
  for (const [text, sizes] of cases) t.same(namedSizes(text), sizes, text)
})

test('numbers of refs that a text names', async (t) => {
  t.equal(namedRefCount('Pushes can not update more than 5 branches or tags.'), 5)
  t.equal(namedRefCount('Pushes can not update more than two branches or tags.'), 2)
  t.equal(namedRefCount('a limit of 100 refs per push'), 100)
  t.equal(namedRefCount('more than many refs'), undefined)
  t.equal(namedRefCount('too many refs'), undefined)
  t.equal(namedRefCount('more than 0 refs'), undefined)
})

test('reasons that are about one ref, and those that are about a push', async (t) => {
  const own = ['hook declined', 'deny updating a hidden ref', 'non-fast-forward', 'deletion prohibited']
  const ours = [
    'pre-receive hook declined',
    'transaction aborted',
    'push declined due to repository rule violations',
  ]
  for (const reason of own) t.equal(isAboutOneRef(reason), true, reason)
  for (const reason of ours) t.equal(isAboutOneRef(reason), false, reason)
})

test('any text is read in time that grows with its length', async (t) => {
  const text = fc.array(
    fc.oneof(fc.string(), fc.constantFrom(...Object.values(words).flat(), 'file ', '1 ', ',000', 'push ')),
    { maxLength: 60 },
  )
  await holds(
    t,
    fc.property(text, (parts) => {
      const line = parts.join('')
      causeOfRefusal(line)
      return namedSizes(line).every((size) => Number.isFinite(size) && size >= 0)
    }),
  )
  for (const part of ['file ', '1,000', 'push body ', '9', 'repository ', 'more than ']) {
    const long = part.repeat(16_384 / part.length)
    t.equal(namedSizes(long).every(Number.isFinite), true)
    causeOfRefusal(long)
  }
})
