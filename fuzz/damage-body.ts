import { band, DELIM, FLUSH, pkt, RESPONSE_END } from '../testing/packets/wire.js'
import type { Random } from '../testing/random.js'
import { packIn, splitPackets, withPack } from './packets.js'

export type BodyDamage = (body: Buffer, random: Random) => Buffer

const ZERO = '0'.repeat(40)
const MANY_BYTES = 4_000_000
const WORDS =
  /\b(?:ACK|NAK|common|ready|continue|shallow|unshallow|packfile|acknowledgments|shallow-info|unpack|ok|ng|unborn|peeled:|symref-target:|symref=|HEAD|refs\/heads\/|refs\/tags\/|version|agent=|object-format=|fetch=|ls-refs|report-status|atomic|delete-refs|ofs-delta|side-band-64k|sha1)/g

/** What may come in at any place of a response. */
const intruders = (random: Random): Buffer =>
  random.pick([
    FLUSH,
    DELIM,
    RESPONSE_END,
    Buffer.from('0003'),
    Buffer.from('0004'),
    Buffer.from('0005a'),
    Buffer.from('fff0'),
    Buffer.from('ffff'),
    Buffer.from('zzzz'),
    Buffer.from('00'),
    pkt('ERR injected\n'),
    pkt('ERR '),
    pkt(`ERR ${'\u001b[2J'.repeat(200)}`),
    band(3, 'injected\n'),
    band(3, ''),
    band(2, 'remote: injected\r'),
    band(1, ''),
    band(1, 'injected'),
    band(1, pkt('ng refs/heads/main injected\n')),
    pkt('\u0007seven'),
    pkt('NAK\n'),
    pkt(`ACK ${ZERO}\n`),
    pkt(`ACK ${'1'.repeat(40)} ready\n`),
    pkt(`ACK ${'g'.repeat(40)} common\n`),
    pkt(`shallow ${'1'.repeat(40)}\n`),
    pkt(`shallow ${ZERO}\n`),
    pkt(`unshallow ${'1'.repeat(40)}\n`),
    pkt(`${ZERO} refs/heads/main\n`),
    pkt(`${ZERO} refs/heads/zero\n`),
    pkt(`${'1'.repeat(40)} refs/heads/new\n`),
    pkt(`${'1'.repeat(40)} refs/heads/main\n`),
    pkt(`${'1'.repeat(64)} refs/heads/long\n`),
    pkt(`${'1'.repeat(40)} refs/heads/../evil\n`),
    pkt(`${'1'.repeat(40)} refs/heads/a\0b c\n`),
    pkt(`${'1'.repeat(40)} .have\n`),
    pkt('ok refs/heads/main\n'),
    pkt('ng refs/heads/main injected\n'),
    pkt('ng refs/heads/stranger injected\n'),
    pkt('unpack injected\n'),
    pkt('packfile\n'),
    pkt('ready\n'),
    pkt('\n'),
    pkt('\0'),
    pkt(Buffer.from([0xff, 0xfe, 0x00, 0x80])),
    pkt('x'.repeat(65_516)),
  ])

const numbers = [
  '0',
  '1',
  '-1',
  '2147483648',
  '4294967295',
  '9007199254740993',
  '9'.repeat(400),
  '1e9',
  'NaN',
]

/** Every way to damage the body of a response, its head and its connection being in order. */
export const bodyDamages: Record<string, BodyDamage> = {
  'bits flipped': (body, random) => {
    const changed = Buffer.from(body)
    for (let left = random.int(1, 8); left > 0 && body.length > 0; left--) {
      const at = random.int(0, body.length - 1)
      changed[at] = (changed[at] as number) ^ (1 << random.int(0, 7))
    }
    return changed
  },
  'bytes replaced': (body, random) => {
    const changed = Buffer.from(body)
    const at = random.int(0, Math.max(0, body.length - 1))
    for (let i = at; i < Math.min(body.length, at + random.int(1, 40)); i++) changed[i] = random.int(0, 255)
    return changed
  },
  truncated: (body, random) => body.subarray(0, random.int(0, Math.max(0, body.length - 1))),
  'truncated between packets': (body, random) => {
    const packets = splitPackets(body)
    return Buffer.concat(packets.slice(0, random.int(0, Math.max(0, packets.length - 1))))
  },
  'a packet removed': onPackets((packets, at) => packets.toSpliced(at, 1)),
  'a packet repeated': onPackets((packets, at, random) => {
    const copies = Array<Buffer>(random.pick([1, 2, 2000])).fill(packets[at] as Buffer)
    return packets.toSpliced(at, 0, ...copies)
  }),
  'packets swapped': onPackets((packets, at, random) => {
    const other = random.int(0, packets.length - 1)
    return packets.with(at, packets[other] as Buffer).with(other, packets[at] as Buffer)
  }),
  'packets shuffled': onPackets((packets, _at, random) => random.shuffle(packets)),
  'a packet inserted': onPackets((packets, at, random) => packets.toSpliced(at, 0, intruders(random))),
  'a packet replaced': onPackets((packets, at, random) => packets.with(at, intruders(random))),
  'many packets inserted': onPackets((packets, at, random) => {
    const packet = intruders(random)
    const count = Math.min(5_000, Math.ceil(MANY_BYTES / packet.length))
    return packets.toSpliced(at, 0, ...Array<Buffer>(count).fill(packet))
  }),
  'a length changed': onPackets((packets, at, random) => {
    const packet = Buffer.from(packets[at] as Buffer)
    const lengths = [
      '0000',
      '0001',
      '0002',
      '0003',
      '0004',
      '0005',
      'ffff',
      'FFF0',
      '-001',
      '+010',
      '0x10',
      ' 10 ',
    ]
    const near = (packet.length + random.int(-5, 5)).toString(16).padStart(4, '0')
    packet.write(random.chance(0.5) ? near : random.pick(lengths), 0, 4, 'latin1')
    return packets.with(at, packet)
  }),
  'an id changed': onMatch(/[0-9a-f]{40}/g, (id, random, all) =>
    random.pick([
      ZERO,
      ZERO,
      id.toUpperCase(),
      random.pick(all),
      id.slice(1),
      `${id}0`,
      `${id}${'0'.repeat(24)}`,
      'f'.repeat(40),
    ]),
  ),
  'a word changed': onMatch(WORDS, (word, random, all) =>
    random.pick([random.pick(all), word.toUpperCase(), word.slice(1), `${word}x`, '']),
  ),
  'a number changed': onMatch(/\d+/g, (_number, random) => random.pick(numbers)),
  'bytes appended': (body, random) =>
    Buffer.concat([body, random.chance(0.5) ? intruders(random) : noise(random, random.int(1, 70_000))]),
  'bytes in front': (body, random) =>
    Buffer.concat([random.chance(0.5) ? intruders(random) : noise(random, random.int(1, 100)), body]),
  'all noise': (_body, random) => noise(random, random.int(0, 3000)),
  'the pack changed, its checksum made right': (body, random) => {
    const pack = packIn(body)
    if (pack.length < 33) return bodyDamages['a packet inserted']?.(body, random) ?? body
    const content = Buffer.from(pack.subarray(0, -20))
    for (let left = random.int(1, 4); left > 0; left--) {
      content[random.int(0, content.length - 1)] = random.int(0, 255)
    }
    return withPack(body, content)
  },
  'the pack counts other objects': (body, random) => {
    const pack = packIn(body)
    if (pack.length < 32) return bodyDamages['a packet removed']?.(body, random) ?? body
    const content = Buffer.from(pack.subarray(0, -20))
    const count = content.readUInt32BE(8)
    content.writeUInt32BE(random.pick([0, 1, count + 1, Math.max(0, count - 1), 0xffffffff, 0x7fffffff]), 8)
    return withPack(body, content)
  },
  'the pack truncated, its checksum made right': (body, random) => {
    const pack = packIn(body)
    if (pack.length < 33) return bodyDamages['a packet removed']?.(body, random) ?? body
    return withPack(body, pack.subarray(0, random.int(12, pack.length - 21)))
  },
}

function onPackets(change: (packets: Buffer[], at: number, random: Random) => Buffer[]): BodyDamage {
  return (body, random) => {
    const packets = splitPackets(body)
    return packets.length === 0
      ? body
      : Buffer.concat(change(packets, random.int(0, packets.length - 1), random))
  }
}

/** Replaces one match; in half the cases the packet's length is made right again. */
function onMatch(
  pattern: RegExp,
  change: (match: string, random: Random, all: string[]) => string,
): BodyDamage {
  return (body, random) => {
    const text = body.toString('latin1')
    const matches = [...text.matchAll(pattern)]
    if (matches.length === 0) return bodyDamages['bits flipped']?.(body, random) ?? body
    const match = random.pick(matches)
    const all = matches.map(([found]) => found)
    const replacement = change(match[0], random, all)
    const changed = Buffer.from(
      text.slice(0, match.index) + replacement + text.slice(match.index + match[0].length),
      'latin1',
    )
    return random.chance(0.7) ? relengthened(body, changed, match.index) : changed
  }
}

function relengthened(body: Buffer, changed: Buffer, index: number): Buffer {
  let start = 0
  for (const packet of splitPackets(body)) {
    if (index < start + packet.length) {
      const size = packet.length + changed.length - body.length
      if (packet.length > 4) changed.write(size.toString(16).padStart(4, '0'), start, 4, 'latin1')
      return changed
    }
    start += packet.length
  }
  return changed
}

function noise(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.int(0, 255)))
}
