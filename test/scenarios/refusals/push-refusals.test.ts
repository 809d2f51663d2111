import t from 'tap'
import {
  actionsOf,
  copyRefs,
  failureOf,
  type Side,
  type SideOptions,
  stage,
} from '../../../testing/cases/stage.js'
import type { RequestInfo } from '../../../testing/faults/proxy.js'
import type { Action } from '../../../testing/faults/proxy-actions.js'
import { git, gitWith } from '../../../testing/git/git.js'
import { linesOf, readPush } from '../../../testing/packets/packets.js'
import { band, FLUSH, pkt } from '../../../testing/packets/wire.js'

const result = { 'content-type': 'application/x-git-receive-pack-result' }
const answering = (body: Buffer): Action => ({ type: 'respond', status: 200, headers: result, body })
const reporting = (...lines: string[]) => band(1, Buffer.concat([...lines.map((line) => pkt(line)), FLUSH]))

/** A target that looks at each whole push before git does. */
function pushesMeet(
  handle: (push: ReturnType<typeof readPush>, info: RequestInfo) => Action | undefined,
): SideOptions {
  return {
    handle: async (info) =>
      info.kind === 'call' && info.service === 'git-receive-pack'
        ? handle(readPush(await info.body()), info)
        : undefined,
  }
}

/** What came to a target, or to the proxy before it. */
const pushesTo = (target: Side) =>
  (target.proxy?.requests ?? target.requests).filter(({ path }) => path.endsWith('/git-receive-pack'))
const listsOf = (side: Side) => side.requests.filter(({ method }) => method === 'GET')

// Which side spoke, in which request, about which object.

t.test(
  'a push whose fatal error only sounds like a refused want is neither listed nor sent again',
  async (t) => {
    for (const body of [band(3, 'LDAP user not found'), pkt('ERR Repository not found\n')]) {
      const { source, target, client, request } = await stage(t, {
        target: pushesMeet(() => answering(body)),
      })
      await source.commit('main')

      const error = await failureOf(client.sync(request()))

      t.equal(error.code, 'target_protocol_error')
      t.match(error.message, /not found/)
      t.notMatch(error.message, /listed twice|protocol v2/)
      t.equal(pushesTo(target).length, 1)
      t.equal(listsOf(source).length, 1)
    }
  },
)

t.test('a source that refuses the fetch for another reason is not listed again', async (t) => {
  for (const protocol of ['v1', 'v2'] as const) {
    const { source, client, request } = await stage(t, {
      source: {
        protocol,
        handle: async ({ kind, body }) => {
          const isFetch = kind === 'call' && linesOf(await body()).some((line) => line.startsWith('want '))
          const headers = { 'content-type': 'application/x-git-upload-pack-result' }
          const text = pkt('ERR Deploy key is not valid for this project\n')
          return isFetch ? { type: 'respond', status: 200, headers, body: text } : undefined
        },
      },
    })
    await source.commit('main')

    const error = await failureOf(client.sync(request()))

    t.equal(error.code, 'source_protocol_error')
    t.match(error.message, /Deploy key is not valid for this project\.$/)
    t.equal(listsOf(source).length, 1, protocol)
  }
})

// A whole pack in the place of a thin one.

for (const { name, isEmpty } of [
  { name: 'an empty target', isEmpty: true },
  { name: 'an update', isEmpty: false },
]) {
  t.test(`objects that fsck refuses are sent once: ${name}`, async (t) => {
    const { source, target, client, request } = await stage(t, {
      target: { config: { 'receive.fsckObjects': 'true' } },
    })
    const good = await source.commit('main')
    if (!isEmpty) await copyRefs(source, target)
    const before = await target.refs()
    const tree = await git(source.dir, 'rev-parse', `${good}^{tree}`)
    const input = `tree ${tree}\nparent ${good}\nauthor nobody 1 +0000\ncommitter nobody 1 +0000\n\nno address\n`
    const args = ['hash-object', '-t', 'commit', '-w', '--literally', '--stdin']
    await source.branch('main', await gitWith(source.dir, { input }, ...args))

    const error = await failureOf(client.sync(request()))

    t.equal(error.code, 'target_protocol_error')
    t.match(error.message, /missingEmail|fsck/)
    t.equal(pushesTo(target).length, 1)
    t.strictSame(await target.soundRefs(), before)
  })
}

t.test('nor is a pack sent again for want of room or rights, whatever was said where', async (t) => {
  const said: Buffer[] = [
    reporting('unpack No space left on device\n', 'ng refs/heads/main unpacker error\n'),
    Buffer.concat([band(2, 'error: Disk quota exceeded\n'), reporting('unpack index-pack abnormal exit\n')]),
    Buffer.concat([
      band(2, 'fatal: Permission '),
      band(2, 'denied\n'),
      reporting('unpack eof before pack\n'),
    ]),
  ]
  for (const body of said) {
    let pushes = 0
    const { source, target, client, request } = await stage(t, {
      target: pushesMeet(() => (pushes++ > 0 ? answering(Buffer.concat([body, FLUSH])) : undefined)),
    })
    await source.commit('main')
    await client.sync(request())
    const before = await target.refs()
    await source.commit('main')

    const error = await failureOf(client.sync(request()))

    t.equal(error.code, 'target_protocol_error')
    t.equal(pushes, 2)
    t.strictSame(await target.soundRefs(), before)
  }
})

t.test('a pack that could not be thin is not sent again for any reason', async (t) => {
  const { source, target, client, request } = await stage(t, {
    target: pushesMeet(() => answering(Buffer.concat([reporting('unpack some error\n'), FLUSH]))),
  })
  await source.commit('main')

  t.equal((await failureOf(client.sync(request()))).code, 'target_protocol_error')
  t.equal(pushesTo(target).length, 1)
})

// Limits, in the words of each server.

const MOST = 300_000
const limits: Record<string, (refs: string[]) => Buffer> = {
  'JGit, on the unpack line': (refs) =>
    reporting(
      `unpack error Pack exceeds the limit of ${MOST.toLocaleString('en')} bytes, rejecting the pack\n`,
      ...refs.map((ref) => `ng ${ref} n/a (unpacker error)\n`),
    ),
  'Azure, on each line of a ref': (refs) =>
    reporting(
      'unpack ok\n',
      ...refs.map(
        (ref) =>
          `ng ${ref} TF402462: The push was rejected because its size is greater than the 0.3 MB limit for pushes in this repository.\n`,
      ),
    ),
  'a hook, on band 2': (refs) =>
    Buffer.concat([
      band(2, 'remote: your push is too lar'),
      band(2, 'ge\n'),
      reporting('unpack ok\n', ...refs.map((ref) => `ng ${ref} pre-receive hook declined\n`)),
    ]),
  'a fatal error, on band 3': () => band(3, 'push size limit of 300 KB exceeded'),
  'German, on band 2': () =>
    Buffer.concat([
      band(2, 'Schwerwiegend: Paket überschreitet die maximal erlaubte Größe (292.97 KiB)\n'),
      reporting('unpack index-pack abnormal exit\n'),
    ]),
  'an unknown language, by its number': () =>
    Buffer.concat([band(2, 'ne preterpasu 300 kB\n'), reporting('unpack unpack-objects abnormal exit\n')]),
}

for (const [name, said] of Object.entries(limits)) {
  t.test(`a limit in the words of ${name} leads to smaller packs`, async (t) => {
    let refused = 0
    const { source, target, client, request } = await stage(t, {
      target: pushesMeet(({ pack, commands }) => {
        if (pack.length <= MOST) return undefined
        refused++
        return answering(Buffer.concat([said(commands.map(({ ref }) => ref)), FLUSH]))
      }),
    })
    await source.bigHistory({ commits: 12, bytesPerCommit: 80_000 })

    const { execution } = await client.sync(request())

    t.equal(execution.transferMode, 'bootstrap-batch')
    t.strictSame(await target.soundRefs(), await source.refs())
    t.ok(refused <= (name.startsWith('a hook') ? 6 : 3), `${refused} refused`)
  })
}

t.test('a limit of one file or of the repository is no limit of a push', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.bigHistory({ commits: 4, bytesPerCommit: 80_000 })
  const text = "error: File a is 120.00 KB; this exceeds the host's file size limit of 100.00 KB"
  await target.hook('pre-receive', `echo "${text}"; exit 1`)

  const error = await failureOf(client.sync(request()))

  t.equal(error.code, 'ref_rejected')
  t.equal(pushesTo(target).length, 1)
  t.strictSame(await target.soundRefs(), {})
})

t.test('where the reason cannot be told, the setting is named', async (t) => {
  const body = Buffer.concat([reporting('unpack malsukcesis\n'), FLUSH])
  const { source, client, request } = await stage(t, { target: pushesMeet(() => answering(body)) })
  await source.bigHistory({ commits: 16, bytesPerCommit: 80_000 })

  const error = await failureOf(client.sync(request()))

  t.equal(error.code, 'target_protocol_error')
  t.match(error.message, /options\.targetMaxPackBytes/)
})

for (const status of [503, 520, 524]) {
  t.test(`the time limit of a CDN or a gateway, ${status}, is a limit`, async (t) => {
    const { source, target, client, request } = await stage(t, {
      target: pushesMeet(({ pack }) =>
        pack.length > 1.1 * 1024 ** 2 ? { type: 'respond', status } : undefined,
      ),
    })
    await source.bigHistory({ commits: 18, bytesPerCommit: 80_000 })

    const { execution } = await client.sync(request())

    t.equal(execution.transferMode, 'bootstrap-batch')
    t.strictSame(await target.soundRefs(), await source.refs())
  })
}

t.test('a gateway that says when to come back is busy, however much was sent', async (t) => {
  const { source, target, client, request } = await stage(t, {
    target: pushesMeet(() => ({ type: 'respond', status: 503, headers: { 'retry-after': '30' } })),
  })
  await source.bigHistory({ commits: 16, bytesPerCommit: 80_000 })

  const error = await failureOf(client.sync(request()))

  t.match(error, { code: 'target_unavailable', retryAfter: 30 })
  t.equal(pushesTo(target).length, 1)
})

// Chunked bodies.

for (const status of [400, 501]) {
  for (const bytesPerCommit of [100, 80_000]) {
    t.test(
      `a chunked body that is refused by ${status} goes by a file: ${bytesPerCommit} bytes`,
      async (t) => {
        const { source, target, request, client, events, watch } = await stage(t, {
          target: {
            handle: ({ headers }) => (headers['transfer-encoding'] ? { type: 'respond', status } : undefined),
          },
        })
        await source.bigHistory({ commits: 10, bytesPerCommit })

        const { execution } = await client.sync(request(), watch)

        t.match(execution, { transferMode: 'materialized', reason: 'length-required' })
        t.ok(events.some((event) => event.type === 'notice' && event.text.includes(`${status}`)))
        t.strictSame(await target.soundRefs(), await source.refs())
      },
    )
  }
}

t.test('where no file may be used, such a refusal says what would help, and is final', async (t) => {
  let status = 501
  const { source, target, request, client } = await stage(t, {
    target: {
      handle: ({ headers }) => (headers['transfer-encoding'] ? { type: 'respond', status } : undefined),
    },
  })
  await source.commit('main')
  for (const code of ['unsupported', 'target_protocol_error'] as const) {
    const never = await failureOf(client.sync(request({ options: { materialize: 'never' } })))
    t.match(never, { code, retryable: false, message: /options\.materialize/ })
    t.equal((await failureOf(client.replicate(request()))).code, code)
    status = 400
  }
  t.strictSame(await target.refs(), {})
})

t.test('a 400 to a body with a length is final', async (t) => {
  const { source, target, request, client } = await stage(t, {
    target: pushesMeet(() => ({ type: 'respond', status: 400 })),
  })
  await source.commit('main')

  t.equal((await failureOf(client.sync(request()))).code, 'target_protocol_error')
  t.equal(pushesTo(target).length, 2)
})

// Refs that fall by the company that they keep.

/** Declines a push that has a line like this, and says something else about it. */
const declines = (pattern: string, text = 'no') =>
  `while read old new ref; do case "$old $new $ref" in ${pattern}) echo "${text}"; exit 1;; esac; done`

async function manyRefs(source: Side): Promise<string> {
  const id = await source.commit('main')
  await source.setRefs({
    'refs/heads/main': id,
    'refs/heads/a': id,
    'refs/heads/b': id,
    'refs/heads/c': id,
    'refs/tags/v1': id,
    'refs/tags/v2': id,
    'refs/pull/1/head': id,
    'refs/pull/2/head': id,
  })
  return id
}

const companies = [
  {
    name: 'refs of another namespace',
    pattern: '*refs/pull/*',
    warned: ['refs/pull/1/head', 'refs/pull/2/head'],
  },
  { name: 'one branch', pattern: '*refs/heads/b', warned: ['refs/heads/b'] },
  { name: 'tags', pattern: '*refs/tags/*', warned: ['refs/tags/v1', 'refs/tags/v2'] },
]
for (const { name, pattern, warned } of companies) {
  t.test(`bestEffort moves what a hook takes, where it declines a push for ${name}`, async (t) => {
    const { source, target, client, request } = await stage(t)
    await manyRefs(source)
    await target.hook('pre-receive', declines(pattern))
    const everything = request({ scope: { allRefs: true }, policy: { bestEffort: true } })

    const { counts, refs } = await client.sync(everything)

    t.match(counts, { applied: 8 - warned.length, warned: warned.length, blocked: 0 })
    t.strictSame(
      refs.filter(({ action }) => action === 'warn').map(({ targetRef, reason }) => [targetRef, reason]),
      warned.map((ref) => [ref, 'pre-receive hook declined']),
    )
    const expected = Object.entries(await source.refs()).filter(([ref]) => !warned.includes(ref))
    t.strictSame(await target.soundRefs(), Object.fromEntries(expected))
    t.ok(pushesTo(target).length <= 10)
    if (name === 'refs of another namespace') {
      const again = await client.sync(everything)
      t.match(again.counts, { applied: 0, skipped: 6, warned: 2 }, 'nor is the next run a failure')
    }
  })
}

t.test('bestEffort moves updates where deletes are declined, and the other way round', async (t) => {
  for (const [pattern, moved] of [
    ['*" 0000000000000000000000000000000000000000 "*', { applied: 1, deleted: 0, warned: 1 }],
    ['*refs/heads/main', { applied: 0, deleted: 1, warned: 1 }],
  ] as const) {
    const { source, target, client, request } = await stage(t)
    await source.branch('old', await source.commit('main'))
    await copyRefs(source, target)
    await source.delete('old')
    await source.commit('main')
    await target.hook('pre-receive', declines(pattern))

    const { counts } = await client.sync(request({ policy: { bestEffort: true, prune: true } }))

    t.match(counts, moved)
  }
})

t.test('refs that fell with one that was refused for itself are tried without it', async (t) => {
  const { source, target, client, request } = await stage(t, {
    target: pushesMeet(({ commands }) => {
      if (!commands.some(({ ref }) => ref === 'refs/heads/b')) return undefined
      const lines = commands.map(({ ref }) =>
        ref === 'refs/heads/b' ? `ng ${ref} prohibited by Gerrit\n` : `ng ${ref} transaction aborted\n`,
      )
      return answering(Buffer.concat([reporting('unpack ok\n', ...lines), FLUSH]))
    }),
  })
  await manyRefs(source)

  const { counts } = await client.sync(request({ policy: { bestEffort: true, includeTags: true } }))

  t.match(counts, { applied: 5, warned: 1 })
  t.equal(pushesTo(target).length, 3)
})

t.test('a run of which the target takes nothing has failed, and soon', async (t) => {
  const { source, target, client, request } = await stage(t, {
    target: pushesMeet(({ commands }) => {
      const lines = commands.map(({ ref }) => `ng ${ref} pre-receive hook declined\n`)
      return answering(Buffer.concat([reporting('unpack ok\n', ...lines), FLUSH]))
    }),
  })
  const id = await source.commit('main')
  await source.setRefs(
    Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`refs/heads/${index}`, id])),
  )

  const error = await failureOf(client.sync(request({ policy: { bestEffort: true } })))

  t.equal(error.code, 'ref_rejected')
  t.equal(error.refs?.length, 300)
  t.match(error.result?.counts, { applied: 0, warned: 0, blocked: 300 })
  t.ok(pushesTo(target).length <= 66)
  t.strictSame(await target.soundRefs(), {})
})

t.test(
  'so has one that leaves a mirror behind, but not one that lacks only what was refused before',
  async (t) => {
    const { source, target, client, request } = await stage(t)
    await source.branch('locked', await source.commit('main'))
    await target.hook('update', 'test "$1" != refs/heads/locked')
    const policy = { bestEffort: true }
    t.match((await client.sync(request({ policy }))).counts, { applied: 1, warned: 1 })
    t.match((await client.sync(request({ policy }))).counts, { applied: 0, skipped: 1, warned: 1 })
    await target.hook('pre-receive', 'exit 1')
    await source.delete('locked')
    await source.branch('other', await source.head('main'))

    const error = await failureOf(client.sync(request({ policy })))

    t.equal(error.code, 'ref_rejected')
    t.strictSame(actionsOf(error.result), { 'refs/heads/main': 'skip', 'refs/heads/other': 'block' })
  },
)

t.test('without bestEffort nothing is tried in smaller pushes', async (t) => {
  const { source, target, client, request } = await stage(t)
  await manyRefs(source)
  await target.hook('pre-receive', declines('*refs/pull/*'))

  t.equal((await failureOf(client.sync(request({ scope: { allRefs: true } })))).code, 'ref_rejected')
  t.equal(pushesTo(target).length, 1)
  t.strictSame(await target.soundRefs(), {})
})

t.test('in steps too, the refs are told from their company', async (t) => {
  const { source, target, client, request } = await stage(t)
  await source.bigHistory({ commits: 8, bytesPerCommit: 40_000, branches: 2 })
  await source.branch('refs/pull/1/head', await source.head('main'))
  await target.hook('pre-receive', declines('*refs/pull/*'))
  const options = { targetMaxPackBytes: 150_000 }

  const { counts } = await client.sync(
    request({ scope: { allRefs: true }, policy: { bestEffort: true }, options }),
  )

  t.match(counts, { applied: 2, warned: 1 })
  t.strictSame(Object.keys(await target.soundRefs()), ['refs/heads/branch-1', 'refs/heads/main'])
})

// Limits of refs a push.

const countingHook = (most: number, text: string) =>
  `lines=$(wc -l); if [ "$lines" -gt ${most} ]; then echo "${text}"; exit 1; fi`

t.test('a limit of refs a push leads to smaller pushes, with and without a number', async (t) => {
  for (const text of ['- Pushes can not update more than 3 branches or tags.', 'too many refs']) {
    const { source, target, client, request, events, watch } = await stage(t)
    await manyRefs(source)
    await target.hook('pre-receive', countingHook(3, text))

    const { counts, execution } = await client.sync(request({ policy: { includeTags: true } }), watch)

    t.match(counts, { applied: 6 })
    t.match(execution.batch, { enabled: true, planned: 2, done: 2 })
    t.equal(pushesTo(target).length, 3)
    t.ok(events.some((event) => event.type === 'notice' && event.text.includes(text)))
    const { 'refs/pull/1/head': _, 'refs/pull/2/head': __, ...others } = await source.refs()
    t.strictSame(await target.soundRefs(), others)
  }
})

t.test('what one push has taught of it holds for those that follow', async (t) => {
  const { source, target, client, request } = await stage(t)
  await manyRefs(source)
  await target.hook('pre-receive', countingHook(2, 'Pushes can not update more than two branches or tags.'))

  await client.sync(request({ policy: { includeTags: true }, options: { targetMaxRefUpdates: 4 } }))

  t.equal(pushesTo(target).length, 4)
  t.equal(Object.keys(await target.soundRefs()).length, 6)
})

t.test('where one push it must be, the setting is named', async (t) => {
  const { source, target, client, request } = await stage(t)
  await manyRefs(source)
  await target.hook('pre-receive', countingHook(3, 'too many refs'))

  const error = await failureOf(client.sync(request({ policy: { atomic: true } })))

  t.equal(error.code, 'ref_rejected')
  t.match(error.message, /options\.targetMaxRefUpdates/)
  t.strictSame(await target.soundRefs(), {})
})
