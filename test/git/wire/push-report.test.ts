import { test } from 'tap'
import { PacketReader } from '../../../src/git/packets/packet-reader.js'
import { readPushReport } from '../../../src/git/wire/push-report.js'
import { streamOf } from '../../../testing/packets/chunks.js'
import { DELIM, FLUSH, pkt } from '../../../testing/packets/wire.js'

const read = (...parts: (Buffer | string)[]) => {
  const wire = parts.map((part) => (Buffer.isBuffer(part) ? part : pkt(part)))
  const sent = parts.map((part) => part.toString().trimEnd().split(' ')[1] ?? '')
  return readPushReport(new PacketReader(streamOf(Buffer.concat(wire), [6])), new Set(sent))
}

test('ok and ng, with the reason of the target', async (t) => {
  const report = await read(
    'unpack ok\n',
    'ok refs/heads/main\n',
    'ng refs/heads/a pre-receive hook declined\n',
    'ok refs/heads/ä',
    'ng refs/tags/v1\n',
    FLUSH,
  )
  t.same(report.unpack, { ok: true })
  t.same(
    [...report.refs],
    [
      ['refs/heads/main', { ok: true }],
      ['refs/heads/a', { ok: false, reason: 'pre-receive hook declined' }],
      ['refs/heads/ä', { ok: true }],
      ['refs/tags/v1', { ok: false, reason: 'no reason given' }],
    ],
  )
})

test('the option lines of report-status-v2 change nothing', async (t) => {
  const report = await read(
    'unpack ok\n',
    'ok refs/for/main\n',
    'option refname refs/changes/01/1\n',
    'option old-oid 0000\n',
    'option forced-update\n',
    'ng refs/heads/a no\n',
    FLUSH,
  )
  t.same(Object.fromEntries(report.refs), {
    'refs/for/main': { ok: true },
    'refs/heads/a': { ok: false, reason: 'no' },
  })
})

test('a failed unpack, with and without lines for its refs', async (t) => {
  t.same(await read('unpack index-pack abnormal exit\n', FLUSH), {
    unpack: { ok: false, reason: 'index-pack abnormal exit' },
    refs: new Map(),
  })
  const report = await read('unpack missing blob\n', 'ng refs/heads/main unpacker error\n', FLUSH)
  t.same(report.unpack, { ok: false, reason: 'missing blob' })
  t.same(report.refs.get('refs/heads/main'), { ok: false, reason: 'unpacker error' })
  t.same((await read('unpack \n', FLUSH)).unpack, { ok: false, reason: 'no reason given' })
})

test('a ref without a line is unknown, not ok', async (t) => {
  const report = await read('unpack ok\n', FLUSH)
  t.equal(report.refs.get('refs/heads/main'), undefined)
})

test('bytes after the flush are ignored', async (t) => {
  const garbage = ['0000', '0003', 'PACK', 'ng refs/heads/main late\n']
  for (const text of garbage) {
    const report = await read('unpack ok\n', 'ok refs/heads/main\n', FLUSH, Buffer.from(text))
    t.same([...report.refs], [['refs/heads/main', { ok: true }]], text)
  }
})

test('reasons are shown without control characters, and short', async (t) => {
  const report = await read('unpack ok\n', `ng refs/heads/a \x1b[31mno\x07 ${'x'.repeat(500)}`, FLUSH)
  t.match(report.refs.get('refs/heads/a'), { ok: false, reason: /^\[31mno {1,2}x{190,200}…$/ })
})

test('anything but a report is an error', async (t) => {
  await t.rejects(read(), { name: 'ProtocolError', message: 'the response ends early, before its report' })
  await t.rejects(read('ok refs/heads/main\n', FLUSH), { message: /^expected an unpack line, got "ok / })
  await t.rejects(read('unpack ok\n', 'maybe refs/heads/main\n', FLUSH), { message: /^expected ok or ng/ })
  await t.rejects(read('ERR repository is read-only\n'), { message: 'repository is read-only' })
  await t.rejects(read('unpack ok\n', DELIM), { name: 'ProtocolError' })
  await t.rejects(read('unpack ok\n', Buffer.from('00')), { message: /in the middle of a packet/ })
})

test('a report truncated between two lines leaves the refs of the rest unknown', async (t) => {
  const report = await read('unpack ok\n', 'ok refs/heads/a\n')
  t.same([...report.refs.keys()], ['refs/heads/a'])
})

test('other refs are ignored, and of two lines for one ref the refusal counts', async (t) => {
  const lines = [
    'unpack ok',
    'ok refs/heads/other',
    'ng refs/heads/another no',
    'ok a',
    'ng a no',
    'ok a',
    'ng b no',
    'ok b',
  ]
  const wire = Buffer.concat([...lines.map((line) => pkt(line)), FLUSH])
  const report = await readPushReport(new PacketReader(streamOf(wire)), new Set(['a', 'b', 'c']))
  t.strictSame(
    [...report.refs],
    [
      ['a', { ok: false, reason: 'no' }],
      ['b', { ok: false, reason: 'no' }],
    ],
  )
})
