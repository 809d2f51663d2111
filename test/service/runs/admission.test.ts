import t, { type Test } from 'tap'
import { Admission } from '../../../src/service/runs/admission.js'
import { failureOf } from '../../../testing/cases/stage.js'

/** An admission whose callers have names, and which records the runs that started and the places that waiting runs were given. */
function door(limits: { maxConcurrent: number; maxQueued: number }) {
  const admission = new Admission(limits)
  const inside: string[] = []
  const notified: Record<string, string[]> = {}
  const leaving = new Map<string, () => void>()
  const givingUp = new Map<string, AbortController>()
  const come = (name: string, target?: string) => {
    const disconnect = new AbortController()
    givingUp.set(name, disconnect)
    const lines: string[] = []
    notified[name] = lines
    const entered = admission
      .enter({
        // "ann-1" is a run of ann's.
        caller: name.split('-')[0] ?? '',
        target,
        signal: disconnect.signal,
        onQueued: (event) => lines.push(`${event.position} for ${event.for}`),
      })
      .then((leave) => {
        inside.push(name)
        leaving.set(name, leave)
      })
    entered.catch(() => {})
    return entered
  }
  const leave = async (name: string) => {
    leaving.get(name)?.()
    await settled()
  }
  const giveUp = (name: string) => givingUp.get(name)?.abort()
  return { admission, inside, notified, come, leave, giveUp }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

/** Fills the only slot, and passes it on until no run waits. */
async function servedInTurn(t: Test, names: string[]) {
  const { inside, come, leave, admission } = door({ maxConcurrent: 1, maxQueued: 64 })
  await come('first')
  for (const name of names) void come(name)
  for (let i = 0; i <= names.length; i++) await leave(inside[i] ?? '')
  t.strictSame(admission.load(), { running: 0, slot: 0, target: 0 })
  return inside.slice(1)
}

t.test('callers take turns, however many runs each has queued', async (t) => {
  const names = ['ann-1', 'ann-2', 'ann-3', 'ann-4', 'bob-1', 'bob-2', 'cid-1']
  t.strictSame(await servedInTurn(t, names), ['ann-1', 'bob-1', 'cid-1', 'ann-2', 'bob-2', 'ann-3', 'ann-4'])
})

t.test('a caller that was served waits behind callers that were not', async (t) => {
  const { inside, come, leave } = door({ maxConcurrent: 1, maxQueued: 64 })
  await come('zoe')
  for (const name of ['ann-1', 'ann-2', 'bob-1']) void come(name)
  await leave('zoe')
  void come('cid-1')
  for (const name of ['ann-1', 'bob-1', 'ann-2']) await leave(name)
  t.strictSame(inside, ['zoe', 'ann-1', 'bob-1', 'ann-2', 'cid-1'])
})

t.test('places are reported when they change, and only then', async (t) => {
  const { notified, come, leave, giveUp } = door({ maxConcurrent: 1, maxQueued: 64 })
  await come('zoe')
  for (const name of ['ann-1', 'ann-2', 'bob-1', 'cid-1']) void come(name)
  t.strictSame(notified, {
    zoe: [],
    'ann-1': ['1 for slot'],
    'ann-2': ['2 for slot', '3 for slot', '4 for slot'],
    'bob-1': ['2 for slot'],
    'cid-1': ['3 for slot'],
  })
  giveUp('bob-1')
  await leave('zoe')
  t.strictSame(notified['cid-1'], ['3 for slot', '2 for slot', '1 for slot'])
  t.strictSame(notified['bob-1'], ['2 for slot'], 'a run that has left is no longer notified')
})

t.test('runs into one target come one after another and hold no slot while they wait', async (t) => {
  const { inside, notified, come, leave, admission } = door({ maxConcurrent: 2, maxQueued: 64 })
  await come('ann-1', 'x')
  void come('ann-2', 'x')
  void come('bob-1', 'x')
  await come('cid-1', 'y')
  t.strictSame(inside, ['ann-1', 'cid-1'], 'the second slot was free for another target')
  t.strictSame(admission.load(), { running: 2, slot: 0, target: 2 })
  t.strictSame([notified['ann-2'], notified['bob-1']], [['1 for target'], ['2 for target']])
  await leave('cid-1')
  t.equal(inside.length, 2, 'a free slot does not let two into one target')
  await leave('ann-1')
  t.equal(inside.at(-1), 'ann-2')
  await leave('ann-2')
  t.equal(inside.at(-1), 'bob-1')
})

t.test('those without a target wait for a slot alone', async (t) => {
  const { inside, come } = door({ maxConcurrent: 3, maxQueued: 0 })
  await Promise.all([come('ann-1', 'x'), come('bob-1'), come('cid-1')])
  t.strictSame(inside, ['ann-1', 'bob-1', 'cid-1'])
})

t.test('a full queue refuses the newcomer and names the settings', async (t) => {
  const { come, leave } = door({ maxConcurrent: 1, maxQueued: 2 })
  await come('zoe')
  void come('ann-1')
  void come('bob-1')
  const error = await failureOf(come('cid-1'))
  t.match(error, { code: 'overloaded', retryable: true })
  t.match(error.message, /GITSYNC_MAX_CONCURRENT 1.*GITSYNC_MAX_QUEUED 2/)
  await leave('zoe')
  const late = come('cid-2')
  t.equal(await Promise.race([late, settled().then(() => 'waits')]), 'waits', 'then there is room again')
})

t.test('one caller cannot keep others out by filling the queue', async (t) => {
  const { inside, come, leave, admission } = door({ maxConcurrent: 1, maxQueued: 4 })
  await come('zoe')
  const ann = ['ann-1', 'ann-2', 'ann-3', 'ann-4'].map((name) => come(name))
  void come('bob-1')
  t.match(await failureOf(ann[3] as Promise<void>), { code: 'overloaded' }, 'the newest of hers makes room')
  t.match(await failureOf(come('ann-5')), { code: 'overloaded' }, 'her runs cannot displace any other')
  void come('bob-2')
  t.match(await failureOf(ann[2] as Promise<void>), { code: 'overloaded' })
  t.match(await failureOf(come('bob-3')), { code: 'overloaded' }, 'both have two now')
  t.equal(admission.load().slot, 4)
  for (const name of ['zoe', 'ann-1', 'bob-1', 'ann-2']) await leave(name)
  t.strictSame(inside, ['zoe', 'ann-1', 'bob-1', 'ann-2', 'bob-2'])
})

t.test('a caller that disconnects leaves the queue, and one that is already gone never enters', async (t) => {
  const { inside, come, leave, giveUp, admission } = door({ maxConcurrent: 1, maxQueued: 64 })
  await come('zoe')
  const ann = come('ann-1')
  void come('bob-1')
  giveUp('ann-1')
  t.match(await failureOf(ann), { code: 'cancelled' })
  t.equal(admission.load().slot, 1)
  await leave('zoe')
  t.strictSame(inside, ['zoe', 'bob-1'])
  const signal = AbortSignal.abort()
  const gone = admission.enter({ caller: 'cid', target: undefined, signal, onQueued: () => {} })
  t.match(await failureOf(gone), { code: 'cancelled' })
  giveUp('zoe')
  t.strictSame(admission.load(), { running: 1, slot: 0, target: 0 }, 'who is in already is not touched')
})
