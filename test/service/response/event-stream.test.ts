import t, { type Test } from 'tap'
import type { Event } from '../../../schemas/event.js'
import { EventStream } from '../../../src/service/response/event-stream.js'
import { FakeClock } from '../../../testing/processes/fake-clock.js'
import { eventsIn } from '../../../testing/processes/served-app.js'

const notice = (text: string): Event => ({ type: 'notice', text })
const remote = (text: string): Event => ({ type: 'remote', side: 'source', text })
const progress = (sourceBytes: number): Event => ({
  type: 'progress',
  phase: 'relay',
  sourceBytes,
  targetBytes: 0,
  bytesPerSecond: 0,
})
const problem = (detail: string): Event => {
  const rest = { type: 'about:blank', title: '', status: 500, retryable: false, requestId: '' }
  return { type: 'error', error: { ...rest, code: 'internal', detail } }
}
const last = problem('the end')

async function textOf(stream: EventStream): Promise<string> {
  let text = ''
  for await (const piece of stream) text += piece
  return text
}

async function readAll(stream: EventStream): Promise<Event[]> {
  return eventsIn(await textOf(stream))
}

const typesOf = (events: readonly Event[]) => events.map(({ type }) => type)

function fakeClock(t: Test): FakeClock {
  const clock = new FakeClock()
  t.teardown(() => clock.restore())
  return clock
}

t.test('events come out in the order in which they went in, the last one last', async (t) => {
  const stream = new EventStream()
  const sent = [notice('one'), progress(1), remote('two'), progress(2), notice('three')]
  for (const event of sent) stream.emit(event)
  stream.end(last)
  t.strictSame(await readAll(stream), [...sent, last])
})

t.test('a reader who waits gets each event when it happens', async (t) => {
  const stream = new EventStream()
  const reader = stream[Symbol.asyncIterator]()
  for (const text of ['one', 'two', 'three']) {
    const next = reader.next()
    stream.emit(notice(text))
    t.strictSame(eventsIn(String((await next).value)), [notice(text)])
  }
  const next = reader.next()
  stream.end(last)
  t.strictSame(JSON.parse(String((await next).value)), last)
})

t.test('15 seconds of silence bring a heartbeat, and so do 15 more', async (t) => {
  const clock = fakeClock(t)
  const stream = new EventStream()
  stream.emit(notice('begin'))
  clock.advance(14_999)
  stream.emit(notice('just in time'))
  clock.advance(14_999)
  stream.emit(notice('again'))
  clock.advance(15_000)
  clock.advance(14_999)
  stream.emit(notice('after one heartbeat'))
  clock.advance(30_000)
  stream.end(last)
  const [begin, second, third, ...rest] = typesOf(await readAll(stream))
  t.strictSame([begin, second, third], ['notice', 'notice', 'notice'])
  t.strictSame(rest, ['heartbeat', 'notice', 'heartbeat', 'heartbeat', 'error'])
})

t.test('a stream without any event yet sends heartbeats too', async (t) => {
  const clock = fakeClock(t)
  const stream = new EventStream()
  clock.advance(15_000)
  stream.end(last)
  t.strictSame(typesOf(await readAll(stream)), ['heartbeat', 'error'])
})

t.test('the end and a close end the heartbeat', async (t) => {
  const clock = fakeClock(t)
  const ended = new EventStream()
  ended.end(last)
  clock.advance(100_000)
  t.strictSame(typesOf(await readAll(ended)), ['error'])

  const closed = new EventStream()
  closed.close()
  clock.advance(100_000)
  closed.end(last)
  t.strictSame(typesOf(await readAll(closed)), ['error'])
})

t.test('exactly one line ends a stream: the first that is given', async (t) => {
  const stream = new EventStream()
  stream.emit(notice('before'))
  stream.end(last)
  stream.end(problem('a second end'))
  stream.emit(notice('too late'))
  t.strictSame(await readAll(stream), [notice('before'), last])
})

t.test('while the buffer is full, progress and remote lines are dropped and no others', async (t) => {
  const stream = new EventStream()
  const kept: Event[] = [
    { type: 'queued', position: 1, for: 'slot' },
    { type: 'discovered', side: 'source', protocol: 'v2', refs: 1 },
    notice('kept'),
    { type: 'heartbeat' },
  ]
  let sent = 0
  for (; sent < 1000; sent++) stream.emit(remote('x'.repeat(1000)))
  stream.emit(progress(1))
  for (const event of kept) stream.emit(event)
  stream.emit(remote('dropped'))
  stream.end(last)

  const text = await textOf(stream)
  const events = eventsIn(text)
  const passed = events.filter(({ type }) => type === 'remote').length
  t.ok(passed > 0 && passed < sent, `${passed} of ${sent} remote lines passed before it was full`)
  t.strictSame(events.slice(passed), [...kept, last])
  t.ok(text.length > 256 * 1024 && text.length < 260 * 1024, `${text.length} bytes were kept`)
})

t.test('once the reader has caught up, everything passes again', async (t) => {
  const stream = new EventStream()
  for (let i = 0; i < 1000; i++) stream.emit(remote('x'.repeat(1000)))
  const reader = stream[Symbol.asyncIterator]()
  await reader.next()
  stream.emit(progress(7))
  stream.emit(remote('passes'))
  t.strictSame(eventsIn(String((await reader.next()).value)), [progress(7), remote('passes')])
})

t.test('a last line of many refs comes in pieces, however full the buffer is', async (t) => {
  const stream = new EventStream()
  for (let i = 0; i < 1000; i++) stream.emit(remote('x'.repeat(1000)))
  const refs = Array.from({ length: 20_000 }, (_, i) => ({ ref: `refs/heads/${i}`, reason: 'it diverged' }))
  const error = { ...(last as Extract<Event, { type: 'error' }>).error, refs }
  stream.end({ type: 'error', error })
  const pieces: string[] = []
  for await (const piece of stream) pieces.push(piece)
  t.strictSame(eventsIn(pieces.join('')).at(-1), { type: 'error', error })
  t.ok(pieces.length > 20_000 / 500)
})
