import type { ServerResponse } from 'node:http'
import { Transform } from 'node:stream'
import { band, pkt } from '../packets/wire.js'

/** Holds back the last bytes of a response, and closes the connection after those before them were sent. */
export function cutEnd(response: ServerResponse, bytes: number): void {
  const write = response.write.bind(response) as (chunk: Buffer) => boolean
  let held = Buffer.alloc(0)
  response.write = ((chunk: Buffer) => {
    const all = Buffer.concat([held, chunk])
    const free = all.subarray(0, Math.max(0, all.length - bytes))
    held = all.subarray(free.length)
    return free.length === 0 || write(free)
  }) as typeof response.write
  response.end = (() => {
    response.socket?.destroySoon()
    return response
  }) as typeof response.end
}

/** Leaves the last bytes of a response out, and lets it end cleanly. */
export function withoutEnd(bytes: number): Transform {
  let held = Buffer.alloc(0)
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const all = Buffer.concat([held, chunk])
      const free = all.subarray(0, Math.max(0, all.length - bytes))
      held = all.subarray(free.length)
      done(null, free)
    },
  })
}

/** Lets so many bytes through and then nothing more until `release`. */
export function holdAfter(bytes: number): { transform: Transform; reached: Promise<void>; release(): void } {
  let left = bytes
  let reach = () => {}
  let release = () => {}
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const transform = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (left >= chunk.length) {
        left -= chunk.length
        return done(null, chunk)
      }
      this.push(chunk.subarray(0, left))
      const rest = chunk.subarray(left)
      left = Number.POSITIVE_INFINITY
      reach()
      void released.then(() => done(null, rest))
    },
  })
  return { transform, reached, release }
}

/** A packet with its header; `payload` is undefined for a flush and its like. */
export interface RawPacket {
  raw: Buffer
  payload: Buffer | undefined
}

/** Gives each packet of a response to `change`, and sends on what that returns. */
export function mapPackets(change: (packet: RawPacket, index: number) => Buffer): Transform {
  let pending = Buffer.alloc(0)
  let index = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      pending = Buffer.concat([pending, chunk])
      for (;;) {
        const size = Math.max(4, Number.parseInt(pending.toString('latin1', 0, 4), 16))
        if (pending.length < 4 || pending.length < size) return done()
        const raw = pending.subarray(0, size)
        pending = pending.subarray(size)
        const isControl = raw.length === 4 && raw.toString() !== '0004'
        this.push(change({ raw, payload: isControl ? undefined : raw.subarray(4) }, index++))
      }
    },
    flush(done) {
      done(null, pending)
    },
  })
}

/** A response's text lines without their LF, as some servers send them. */
export function withoutLineFeeds(): Transform {
  return mapPackets(({ raw, payload }) => {
    if (payload?.at(-1) !== 0x0a) return raw
    return pkt(payload.subarray(0, -1))
  })
}

/** Puts lines before the flush that ends a list of refs. */
export function addingRefs(lines: readonly string[]): Transform {
  const extra = Buffer.concat(lines.map((line) => pkt(line)))
  let flushesToPass = 0
  return mapPackets(({ raw, payload }, index) => {
    if (index === 0 && payload?.toString().startsWith('# service=')) flushesToPass = 1
    if (payload !== undefined || flushesToPass-- > 0) return raw
    return Buffer.concat([extra, raw])
  })
}

/** Changes one byte of a side-band pack, so that it arrives in good order and cannot be unpacked. */
export function corruptPack(): Transform {
  let isDone = false
  return mapPackets(({ raw, payload }) => {
    if (isDone || payload?.[0] !== 1 || payload.length < 60) return raw
    isDone = true
    const changed = Buffer.from(raw)
    changed[50] = (changed[50] as number) ^ 0xff
    return changed
  })
}

/** Stops for a time after the first packet of a pack, with nothing but keep-alives until it goes on. */
export function pausing(milliseconds: number): Transform {
  let state: 'before' | 'paused' | 'over' = 'before'
  let pending = Buffer.alloc(0)
  const pause = (stream: Transform, done: () => void) => {
    state = 'paused'
    const keepAlive = setInterval(() => stream.push(band(1, '')), 100)
    setTimeout(() => {
      clearInterval(keepAlive)
      state = 'over'
      stream.push(pending)
      done()
    }, milliseconds)
  }
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (state === 'over') return done(null, chunk)
      pending = Buffer.concat([pending, chunk])
      for (;;) {
        const size = Number.parseInt(pending.toString('latin1', 0, 4), 16)
        if (pending.length < 4 || pending.length < size) return done()
        const packet = pending.subarray(0, size)
        pending = pending.subarray(size)
        this.push(packet)
        if (packet[4] === 1) return pause(this, done)
      }
    },
  })
}

/** Puts a packet into a side-band pack: after its first data, or in the place of the flush that ends it. */
export function injecting(
  packet: Buffer,
  where: 'after-first-data' | 'before-flush' | 'for-flush',
): Transform {
  let isDone = false
  return mapPackets(({ raw, payload }) => {
    if (payload === undefined && raw.toString() === '0000') {
      if (where === 'before-flush') return Buffer.concat([packet, raw])
      return where === 'for-flush' ? packet : raw
    }
    if (isDone || where !== 'after-first-data' || payload?.[0] !== 1) return raw
    isDone = true
    return Buffer.concat([raw, packet])
  })
}

/** Drops the last data packet of a side-band pack, flush and all else being in order. */
export function withoutLastData(): Transform {
  let held: Buffer = Buffer.alloc(0)
  return mapPackets(({ raw, payload }) => {
    if (payload?.[0] !== 1) return raw
    const before = held
    held = raw
    return before
  })
}

/** Lets a response end, and then sends something else. */
export function replacedBy(body: string | Buffer): Transform {
  return new Transform({
    transform(_chunk, _encoding, done) {
      done()
    },
    flush(done) {
      done(null, body)
    },
  })
}
