import { createHash, randomBytes } from 'node:crypto'
import t from 'tap'
import type { Fault } from '../../testing/lfs/fake-lfs.js'
import { type PairOptions, startPair } from '../../testing/lfs/lfs-run.js'
import { Random } from '../../testing/random.js'

const SMALL = 1000
const LARGE = 3 * 1024 * 1024

t.test('what the target lacks is moved, whatever its size, and nothing else', async (t) => {
  const { source, target, move, put, bytes } = await startPair(t)
  const objects = put(Buffer.alloc(0), Buffer.from('x'), randomBytes(SMALL), randomBytes(LARGE))
  const [known] = put(randomBytes(SMALL))
  target.objects.set(known?.oid ?? '', source.objects.get(known?.oid ?? '') as Buffer)

  const { list, failed, moved } = await move([...objects, known as (typeof objects)[0], ...objects])

  t.strictSame(failed, [])
  t.equal(moved.length, 4)
  t.equal(list.length, 5)
  t.strictSame(target.objects, source.objects)
  t.strictSame(bytes, { received: SMALL + LARGE + 1, sent: SMALL + LARGE + 1 })
  t.equal(source.storage.length, 4)
})

t.test('a second run asks the target alone, a hundred objects at a time', async (t) => {
  const { source, target, move, put } = await startPair(t)
  const objects = put(...Array.from({ length: 250 }, (_, at) => Buffer.from(`object ${at}`)))
  await move(objects)
  const asked = [source, target].map(({ batches, storage }) => [batches.length, storage.length])
  t.strictSame(asked, [
    [3, 250],
    [6, 250],
  ])
  await move(objects)
  t.equal(source.batches.length, 3)
  t.equal(target.batches.length, 9)
})

t.test('eight are moved at once, no more', async (t) => {
  let here = 0
  let open = () => {}
  const full = new Promise<void>((resolve) => (open = resolve))
  const gate = () => {
    if (++here === 8) open()
    return full
  }
  const { source, move, put } = await startPair(t, { source: { gate } })
  await move(put(...Array.from({ length: 40 }, () => randomBytes(SMALL))))
  t.equal(source.most, 8)
})

const once = (method: string, fault: Fault) => {
  const seen = new Set<string>()
  return (asked: string, oid: string) => {
    if (asked !== method || seen.has(oid)) return undefined
    seen.add(oid)
    return fault
  }
}

const DOWNLOADS: Fault[] = [
  'truncated',
  'corrupted',
  'too-long',
  'other-length',
  'chunked-short',
  'reset',
  'expired',
  'unavailable',
]
const UPLOADS: Fault[] = ['reset', 'expired', 'unavailable']

for (const size of [SMALL, LARGE]) {
  t.test(`what goes wrong once goes right the next time, ${size} bytes`, async (t) => {
    for (const fault of DOWNLOADS) {
      const pair = await startPair(t, { source: { fault: once('GET', fault) } })
      await pair.move(pair.put(randomBytes(size)))
      t.strictSame(pair.target.objects, pair.source.objects, `download ${fault}`)
      t.strictSame(pair.pauses, [500])
    }
    for (const fault of UPLOADS) {
      const pair = await startPair(t, { target: { fault: once('PUT', fault) } })
      await pair.move(pair.put(randomBytes(size)))
      t.strictSame(pair.target.objects, pair.source.objects, `upload ${fault}`)
    }
  })

  t.test(`an object that is never right is never kept, ${size} bytes`, async (t) => {
    const reasons: Partial<Record<Fault, RegExp>> = {
      corrupted: /^what it sends has another SHA-256$/,
      'too-long': /^it sends (more than|\d+ bytes where)/,
      'other-length': /^it sends \d+ bytes where the pointer says \d+$/,
      'chunked-short': /^it sends \d+ bytes of the \d+/,
      gone: /^its storage responds with 404$/,
    }
    for (const [fault, reason] of Object.entries(reasons)) {
      const pair = await startPair(t, {
        source: { fault: (method) => (method === 'GET' ? (fault as Fault) : undefined) },
      })
      const { failed, list } = await pair.move(pair.put(randomBytes(size)))
      t.match(failed, [{ size, reason }], fault)
      t.equal(list.state(0), 'failed')
      t.equal(pair.target.objects.size, 0)
    }
  })
}

t.test('a storage that never comes back ends the run', async (t) => {
  const gone = (pairs: PairOptions, code: string, host: 'source' | 'target') =>
    t.test(code, async (t) => {
      const pair = await startPair(t, pairs)
      const { host: name } = new URL(pair[host].storageOrigin)
      const message = `The LFS storage of the ${host} (${name}) responded with 503`
      await t.rejects(pair.move(pair.put(randomBytes(SMALL))), {
        code,
        retryable: true,
        message: new RegExp(escaped(message)),
      })
      t.strictSame(pair.pauses, [500, 2000])
    })
  const unavailable = () => 'unavailable' as const
  await gone({ source: { fault: unavailable } }, 'source_unavailable', 'source')
  await gone({ target: { fault: unavailable } }, 'target_unavailable', 'target')
})

const escaped = (text: string) => text.replace(/[.()]/g, '\\$&')

t.test('a silent storage is given up on, and ends the other side', async (t) => {
  for (const side of ['source', 'target'] as const) {
    const pair = await startPair(t, { [side]: { fault: () => 'hang' }, stallTimeout: 50 })
    await t.rejects(pair.move(pair.put(randomBytes(LARGE))), { code: `${side}_timeout` })
    t.equal(pair.target.objects.size, 0)
  }
})

t.test('cancelling ends both sides', async (t) => {
  const cancel = new AbortController()
  const reason = new Error('enough')
  const pair = await startPair(t, {
    target: {
      fault: () => {
        setImmediate(() => cancel.abort(reason))
        return 'hang'
      },
    },
  })
  await t.rejects(
    pair.move(pair.put(...Array.from({ length: 20 }, () => randomBytes(LARGE))), cancel.signal),
    reason,
  )
  t.equal(pair.target.objects.size, 0)
})

t.test('addresses that have expired are asked for again', async (t) => {
  const pair = await startPair(t, { source: { fault: once('GET', 'expired') } })
  const objects = pair.put(randomBytes(SMALL))
  await pair.move(objects)
  t.equal(pair.source.batches.length, 2)
  t.strictSame(pair.target.objects, pair.source.objects)
})

t.test('actions that say they expire soon are asked for again, once', async (t) => {
  for (const expiry of [{ expires_in: 3 }, { expires_in: -5 }, { expires_at: '2020-01-01T00:00:00Z' }]) {
    const pair = await startPair(t, {
      source: { respond: withActions((action) => ({ ...action, ...expiry })) },
    })
    await pair.move(pair.put(randomBytes(SMALL)))
    t.equal(pair.source.batches.length, 2, JSON.stringify(expiry))
    t.equal(pair.target.objects.size, 1)
  }
  for (const expiry of [
    { expires_in: 3600, expires_at: '2020-01-01T00:00:00Z' },
    { expires_at: '0001-01-01T00:00:00Z' },
  ]) {
    const pair = await startPair(t, {
      source: { respond: withActions((action) => ({ ...action, ...expiry })) },
    })
    await pair.move(pair.put(randomBytes(SMALL)))
    t.equal(pair.source.batches.length, 1, JSON.stringify(expiry))
  }
})

type Actions = Record<string, Record<string, unknown>>

function withActions(change: (action: Record<string, unknown>) => Record<string, unknown>) {
  return ({ objects }: { objects: Record<string, unknown>[] }) => ({
    objects: objects.map(({ actions, ...object }) => ({
      ...object,
      ...(actions
        ? {
            actions: Object.fromEntries(
              Object.entries(actions as Actions).map(([name, action]) => [name, change(action)]),
            ),
          }
        : {}),
    })),
  })
}

t.test('an upload is verified where the server wants that', async (t) => {
  const pair = await startPair(t, { target: { verifies: true } })
  const objects = pair.put(randomBytes(SMALL), randomBytes(LARGE))
  await pair.move(objects)
  t.strictSame(new Set(pair.target.verified), new Set(objects.map(({ oid }) => oid)))
})

t.test('a thousand faults, and no wrong object at the target', async (t) => {
  const random = new Random(16)
  let faults = 0
  const some = (kinds: readonly Fault[]) => () => {
    if (!random.chance(0.3)) return undefined
    faults++
    return random.pick(kinds)
  }
  while (faults < 1000) {
    const pair = await startPair(t, {
      source: { fault: some([...DOWNLOADS, 'gone']), hasOwnStorage: true },
      target: { fault: some(UPLOADS), hasOwnStorage: true },
    })
    const contents = Array.from({ length: 200 }, () => randomBytes(random.pick([16, 100, 5000, 300_000])))
    const objects = pair.put(...contents)
    while (pair.target.objects.size < objects.length) {
      await pair.move(objects).catch(() => {})
      t.ok([...pair.target.objects].every(isRight), `${pair.target.objects.size} objects, ${faults} faults`)
    }
  }
})

const isRight = ([oid, object]: [string, Buffer]) => createHash('sha256').update(object).digest('hex') === oid
