import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { test } from 'tap'
import { decodeText, encodeText } from '../../../src/git/refs/byte-text.js'
import { isValidRefName, kindOfRef, shortRefName, sortByBytes } from '../../../src/git/refs/ref-name.js'
import { gitEnv } from '../../../testing/git/git.js'
import { holds } from '../../../testing/property.js'

// receive-pack takes names of at least three parts: `refs/stash` is no name for a push ("funny refname").
const isTakenByGit = (name: string) =>
  name.startsWith('refs/') &&
  spawnSync('git', ['check-ref-format', name.slice('refs/'.length)], { env: gitEnv() }).status === 0

test('git agrees on ref names, the common and the odd ones', async (t) => {
  const tails = [
    ...['main', 'a/b', 'feature/ä', '日本', 'a.b', 'a-b', '-a', '@', 'a@', 'a{b', 'a}', 'HEAD', 'a=b', 'a+b'],
    ...[
      '',
      '/',
      'a/',
      '/a',
      'a//b',
      '.a',
      'a/.b',
      'a.',
      'a./b',
      'a..b',
      '..',
      '.',
      'a.lock',
      'a.lock/b',
      '.lock',
    ],
    ...[
      'a b',
      'a~b',
      'a^b',
      'a:b',
      'a?b',
      'a*b',
      '*',
      'a[b',
      'a]b',
      'a\\b',
      'a@{b',
      '@{',
      'a\tb',
      'a\nb',
      'a\x7fb',
    ],
    ...[
      'a\x01',
      'a\n',
      'lock',
      'a.lockx',
      'a.LOCK',
      "a'b",
      'a"b',
      'a<b',
      'a|b',
      'a!b',
      'a#b',
      'a%b',
      'a,b',
      'a;b',
    ],
  ]
  const names = [
    ...tails.map((tail) => `refs/heads/${tail}`),
    'refs/stash',
    'refs/heads',
    'refs/',
    'refs',
    'HEAD',
    '',
  ]
  for (const name of names) t.equal(isValidRefName(name), isTakenByGit(name), JSON.stringify(name))
})

const piece = fc.constantFrom(...'abz/./@{}~^:?*[]\\-_ \t'.split(''), '.lock', '..', '@{', '//', 'é', '\x7f')
const tail = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''))

test('git agrees on any ref name', async (t) => {
  await holds(
    t,
    fc.property(fc.constantFrom('refs/heads/', 'refs/', 'refs/x/', ''), tail, (prefix, name) => {
      assert.equal(isValidRefName(prefix + name), isTakenByGit(prefix + name))
    }),
    { numRuns: 60 },
  )
})

test('no NUL in a ref name, which cannot be asked on a command line', async (t) => {
  t.equal(isValidRefName('refs/heads/a\0b'), false)
})

test('the kind of a ref is where it lives', async (t) => {
  t.equal(kindOfRef('refs/heads/main'), 'branch')
  t.equal(kindOfRef('refs/heads/tags/x'), 'branch')
  t.equal(kindOfRef('refs/tags/v1'), 'tag')
  for (const name of ['refs/notes/commits', 'refs/headsx/a', 'refs/pull/1/head', 'refs/stash', 'HEAD']) {
    t.equal(kindOfRef(name), 'other', name)
  }
})

test('the short name of a ref, whatever its kind', async (t) => {
  t.equal(shortRefName('refs/heads/feature/a'), 'feature/a')
  t.equal(shortRefName('refs/tags/v1'), 'v1')
  t.equal(shortRefName('refs/notes/commits'), 'notes/commits')
  t.equal(shortRefName('refs/heads/refs/heads/a'), 'refs/heads/a')
  t.equal(shortRefName('refs/heads/tags/a'), 'tags/a')
})

const strings = fc.string({
  unit: fc.constantFrom(
    'a',
    'b',
    '/',
    'é',
    '日',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{1f480}',
    '\u{10ffff}',
  ),
})

test('names are sorted by the bytes of their UTF-8', async (t) => {
  const lists = fc.array(
    fc.tuple(fc.constantFrom('', 'refs/heads/'), strings).map((parts) => parts.join('')),
    { maxLength: 5 },
  )
  await holds(
    t,
    fc.asyncProperty(lists, async (names) => {
      const sorted = names.map((name) => Buffer.from(name)).sort(Buffer.compare)
      const items = await sortByBytes(
        names.map((name) => ({ name })),
        ({ name }) => name,
      )
      assert.deepEqual(
        items.map(({ name }) => name),
        sorted.map(String),
      )
    }),
    { numRuns: 1000 },
  )
})

test('so are names that are not UTF-8', async (t) => {
  const bytes = fc.array(fc.constantFrom(0x61, 0x7e, 0x80, 0xc3, 0xa9, 0xe4, 0xe6, 0xff), { maxLength: 4 })
  await holds(
    t,
    fc.asyncProperty(fc.array(bytes, { maxLength: 4 }), async (lists) => {
      const names = lists.map((list) => Buffer.from(list))
      const sorted = await sortByBytes(
        names.map((name) => decodeText(name)),
        (name) => name,
      )
      assert.deepEqual(sorted.map(encodeText), names.sort(Buffer.compare))
    }),
    { numRuns: 1000, examples: [[[[0xe6, 0x97, 0xa5], [0xe4]]]] },
  )
})
