import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readConfig } from '../../src/service/config.js'
import { formatPacket, openPacketTrace, readTraceTarget } from '../../src/settings/packet-trace.js'
import { temporaryFolder } from '../../testing/temporary-folder.js'

const packet = { side: 'source', service: 'fetch', direction: 'received', text: 'NAK' } as const

t.test('stderr, a file, or nothing', async (t) => {
  for (const text of ['1', 'true', 'TRUE']) t.equal(readTraceTarget(text), 'stderr')
  for (const text of ['0', 'false']) t.equal(readTraceTarget(text), undefined)
  t.same(readTraceTarget('/tmp/trace'), { file: '/tmp/trace' })
  for (const text of ['yes', '2', 'trace.txt', './trace']) {
    t.throws(() => readConfig({ GITSYNC_TRACE_PACKET: text }), {
      name: 'SettingError',
      message: `GITSYNC_TRACE_PACKET must be 1, 0 or an absolute path, not "${text}"`,
    })
  }
  t.equal(readConfig({}).tracePacket, undefined)
})

t.test('a line says when, whose run, which side, which service and which way', async (t) => {
  const time = new Date('2024-05-06T07:08:09.012Z')
  t.equal(formatPacket(packet, time), '2024-05-06T07:08:09.012Z source fetch< NAK')
  const sent = { side: 'target', service: 'push', direction: 'sent', text: '0000' } as const
  t.equal(formatPacket(sent, time, 'run-1'), '2024-05-06T07:08:09.012Z run-1 target push> 0000')
})

t.test('a file is appended to, and private', async (t) => {
  const file = join(await temporaryFolder(t), 'trace')
  for (const text of ['first', 'second']) openPacketTrace({ file })({ ...packet, text })
  const lines = (await readFile(file, 'utf8')).split('\n')
  t.match(lines, [/source fetch< first$/, /source fetch< second$/, /^$/])
  t.equal((await stat(file)).mode & 0o777, 0o600)
})

t.test('a file that cannot be opened is a setting that cannot be used', async (t) => {
  const file = join(await temporaryFolder(t), 'no', 'such', 'folder')
  t.throws(() => openPacketTrace({ file }), {
    name: 'SettingError',
    message: /^GITSYNC_TRACE_PACKET cannot be written: ENOENT/,
  })
})
