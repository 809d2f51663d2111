import { test } from 'tap'
import { ProgressMeter, remoteText } from '../../../src/engine/run/progress.js'
import type { RunEvent } from '../../../src/index.js'
import { FakeClock } from '../../../testing/processes/fake-clock.js'

interface Teardown {
  teardown(action: () => void): unknown
}

function metered(t: Teardown) {
  const clock = new FakeClock()
  const told: (RunEvent & { at: number })[] = []
  const meter = new ProgressMeter((event) => told.push({ ...event, at: clock.now }))
  t.teardown(() => clock.restore())
  t.teardown(() => meter.close())
  return { clock, meter, told }
}

test('a change is told at once', async (t) => {
  const { clock, meter, told } = metered(t)
  clock.advance(1000)
  t.same(told, [], 'and nothing where nothing changed')
  meter.sourceBytes = 10
  meter.enter('relay')
  t.match(told, [{ type: 'progress', phase: 'relay', sourceBytes: 10, targetBytes: 0, bytesPerSecond: 0 }])
  t.notOk('objects' in (told[0] ?? {}), 'objects are left out while unknown')
  t.notOk('batch' in (told[0] ?? {}), 'and so is the batch')
  clock.advance(250)
  meter.batch = { index: 1, total: 4 }
  meter.changed()
  t.match(told[1], { batch: { index: 1, total: 4 } })
})

test('never more than one in 250 ms, however much changes, and the last state too', async (t) => {
  const { clock, meter, told } = metered(t)
  meter.objects = 7
  for (let i = 0; i < 3000; i++) {
    clock.advance(i % 7)
    meter.targetBytes++
    meter.changed()
  }
  clock.advance(500)
  const times = told.map(({ at }) => at)
  t.ok(times.every((at, index) => index === 0 || at - (times[index - 1] ?? 0) >= 250))
  t.ok(times.length > 20, 'but they do come')
  t.match(told.at(-1), { targetBytes: 3000, objects: { total: 7 } })
  clock.advance(5000)
  t.equal(told.length, times.length, 'and no more once nothing changes')
})

test('the rate is that of the relay, in whole bytes a second', async (t) => {
  const { clock, meter, told } = metered(t)
  meter.enter('prove')
  clock.advance(10_000)
  meter.enter('relay')
  clock.advance(3000)
  meter.targetBytes = 10_000
  meter.changed()
  t.match(told.at(-1), { bytesPerSecond: 3333 })
  meter.enter('confirm')
  clock.advance(500)
  t.match(told.at(-1), { phase: 'confirm' })
})

test('a closed meter tells no more by itself', async (t) => {
  const { clock, meter, told } = metered(t)
  meter.changed()
  meter.changed()
  meter.close()
  clock.advance(1000)
  t.equal(told.length, 1)
})

function listening(t: Teardown, redact = (text: string) => text) {
  const clock = new FakeClock()
  t.teardown(() => clock.restore())
  const lines: string[] = []
  const sink = remoteText('target', redact, (event) => {
    if (event.type === 'remote' && event.side === 'target') lines.push(event.text)
  })
  return { clock, lines, hear: (text: string | Uint8Array) => sink(Buffer.from(text)) }
}

test('a line is told when it is whole, however its text is cut', async (t) => {
  const { hear, lines } = listening(t)
  hear('remote: Reso')
  t.same(lines, [])
  hear('lving\nsecond\n\nthird')
  t.same(lines, ['remote: Resolving', 'second'], 'and empty ones are not told')
  hear('\n')
  t.same(lines, ['remote: Resolving', 'second', 'third'])
})

test('a character may be cut too', async (t) => {
  const { hear, lines } = listening(t)
  for (const byte of Buffer.from('Größe: 1 € 😀\n')) hear(Uint8Array.of(byte))
  t.same(lines, ['Größe: 1 € 😀'])
})

test('lines that are redrawn come at most every 250 ms, all others always', async (t) => {
  const { clock, hear, lines } = listening(t)
  for (let percent = 0; percent <= 100; percent++) {
    hear(`Counting: ${percent}%\r`)
    clock.advance(10)
  }
  t.same(lines, ['Counting: 0%', 'Counting: 25%', 'Counting: 50%', 'Counting: 75%', 'Counting: 100%'])
  hear('one\rtwo\nthree\n')
  t.same(lines.slice(5), ['two', 'three'])
})

test('a line that ends in CR LF is a line, not a redrawn one', async (t) => {
  const { hear, lines } = listening(t)
  hear('error: denied\r\nby policy\r\n')
  hear('third\r')
  hear('\nfourth\n')
  t.same(lines, ['error: denied', 'by policy', 'third', 'fourth'])
})

test('our secrets are blotted out, also where a packet cuts them', async (t) => {
  const { hear, lines } = listening(t, (text) => text.replaceAll('hunter2', '*'))
  hear('bad token hun')
  hear('ter2\n')
  t.same(lines, ['bad token *'])
})

test('a line without an end neither grows memory nor comes whole', async (t) => {
  const { hear, lines } = listening(t)
  for (let i = 0; i < 1000; i++) hear('x'.repeat(1000))
  hear('\nnext\n')
  t.equal(lines.length, 2)
  t.ok((lines[0]?.length ?? 0) <= 1001)
  t.equal(lines[1], 'next')
})

test('control characters are not passed on', async (t) => {
  const { hear, lines } = listening(t)
  hear('\x1b[K\x07bell\x00\n')
  t.same(lines, ['[K bell'])
})

test('a flood of lines is told in part, and what cannot be seen is not told at all', async (t) => {
  let redactions = 0
  const { clock, hear, lines } = listening(t, (text) => {
    redactions++
    return text
  })
  hear('\r'.repeat(60_000))
  hear('\u0007\r'.repeat(30_000))
  t.equal(redactions, 1, 'nor worked on')
  hear('line\n'.repeat(60_000))
  t.equal(lines.length, 999)
  clock.advance(250)
  hear('last\n')
  t.equal(lines.at(-1), 'last')
})
