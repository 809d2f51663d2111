import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { responseOf } from '../../testing/git/git-bytes.js'
import { createRepository } from '../../testing/git/sample-repository.js'
import { cached } from '../cache.js'
import { type Figure, figure, type Measured } from '../figure.js'
import { alternate, type Sample, timed, valuesOf } from '../measure.js'
import type { FakeOptions, FakeRemote } from '../processes/fake-remote.js'
import type { Done } from '../processes/product.js'
import type { Bench, Scenario } from '../scenario.js'
import { cpuOfShell } from '../shell.js'
import { GIB, MIB } from '../units.js'
import { Worker } from '../worker.js'

const SMALL = 64 * MIB

/** What the relay itself costs: packs from a fake source to a fake sink, beside the same bytes without a relay. */
export const rawRelay: Scenario = {
  number: 1,
  title: 'raw relay, fake source to fake sink',
  async run(bench) {
    const bytes = bench.quick ? 256 * MIB : 2 * GIB
    const recording = join(await cached('recording-64MiB', makeRecording), 'packets')
    const [source, small, sink] = [
      await startFake(bench, { tip: TIP, recording, bytes }),
      await startFake(bench, { tip: TIP, recording, bytes: SMALL }),
      await startFake(bench, {}),
    ]
    const samples = await alternate(bench.rounds, {
      relay: () => relay(bench, source, sink, bytes),
      undici: () => pipe(bench, 'undici', [`${source.origin}/recording`, `${sink.origin}/drain`], bytes),
      sockets: () => pipe(bench, 'sockets', [source.socketPort, sink.socketPort], bytes),
      curl: () => curl(source, sink, bytes),
      small: () => relay(bench, small, sink, SMALL),
    })
    return figures(`${Math.round(bytes / MIB)} MiB pack`, samples)
  },
}

const TIP = '1'.repeat(40)

function figures(name: string, samples: Record<'relay' | 'undici' | 'sockets' | 'curl' | 'small', Sample[]>) {
  const of = (what: keyof typeof samples, measure: string) => valuesOf(samples[what], measure)
  const baselines = { undici: 'undici to undici', sockets: 'bare sockets', curl: 'curl | curl' } as const
  const against = (baseline: keyof typeof baselines, measure: string) => ({
    name: baselines[baseline],
    values: of(baseline, measure),
  })
  const found: Measured[] = (['undici', 'sockets', 'curl'] as const).flatMap((baseline): Measured[] => [
    {
      case: name,
      measure: 'throughput',
      unit: 'MiB/s',
      ours: of('relay', 'speed'),
      baseline: against(baseline, 'speed'),
    },
    {
      case: name,
      measure: 'CPU per GiB',
      unit: 's/GiB',
      ours: of('relay', 'cpu'),
      baseline: against(baseline, 'cpu'),
      ...(baseline === 'undici' && { budget: { of: 'ratio', most: 1.25 } }),
    },
  ])
  const smallPeak = { name: '64 MiB pack', values: of('small', 'peak') }
  return [
    ...found,
    {
      case: name,
      measure: 'peak memory over idle',
      unit: 'MiB',
      ours: of('relay', 'over'),
      budget: { of: 'worst', most: 120 },
    },
    {
      case: name,
      measure: 'peak memory',
      unit: 'MiB',
      ours: of('relay', 'peak'),
      baseline: smallPeak,
      budget: { of: 'ratio', most: 1.2 },
    },
  ].map((measured): Figure => figure(measured as Measured))
}

/** A pack of contents that do not compress, in the packets in which git's upload-pack sends it. */
async function makeRecording(folder: string): Promise<void> {
  const repository = await createRepository(join(folder, 'repository.git'))
  await repository.bigHistory({ commits: 64, bytesPerCommit: MIB })
  const want = `want ${await repository.head('main')} side-band-64k ofs-delta no-progress\n`
  const request = `${(want.length + 4).toString(16).padStart(4, '0')}${want}00000009done\n`
  const response = await responseOf('upload-pack', repository.dir, Buffer.from(request))
  await writeFile(join(folder, 'packets'), response.subarray('0008NAK\n'.length, -'0000'.length))
}

async function startFake(bench: Bench, options: FakeOptions): Promise<FakeRemote> {
  const worker = await Worker.start('fake-remote', bench)
  return worker.call<FakeRemote>('start', options)
}

/** A process of its own for every run: nothing that an earlier one left behind helps or hinders. */
async function relay(bench: Bench, source: FakeRemote, sink: FakeRemote, bytes: number): Promise<Sample> {
  const product = await Worker.start('product', bench, { isProduct: true })
  const idle = await product.usage()
  const { seconds, cpuSeconds } = await product.call<Done>('run', 'sync', {
    source: { url: source.origin },
    target: { url: sink.origin },
  })
  const { peakRssBytes } = await product.usage()
  await product.stop()
  return {
    speed: bytes / MIB / seconds,
    cpu: cpuSeconds / (bytes / GIB),
    peak: peakRssBytes / MIB,
    over: (peakRssBytes - idle.rssBytes) / MIB,
  }
}

async function pipe(bench: Bench, name: string, ends: unknown[], bytes: number): Promise<Sample> {
  const worker = await Worker.start('pipes', bench)
  const before = await worker.usage()
  const seconds = await timed(() => worker.call(name, ...ends))
  const after = await worker.usage()
  await worker.stop()
  return { speed: bytes / MIB / seconds, cpu: (after.cpuSeconds - before.cpuSeconds) / (bytes / GIB) }
}

async function curl(source: FakeRemote, sink: FakeRemote, bytes: number): Promise<Sample> {
  const fetch = `curl -sSf --noproxy '*' ${source.origin}/recording`
  const push = `curl -sSf --noproxy '*' -o /dev/null -X POST -T - ${sink.origin}/drain`
  const { seconds, cpuSeconds } = await cpuOfShell(`${fetch} | ${push}`)
  return { speed: bytes / MIB / seconds, cpu: cpuSeconds / (bytes / GIB) }
}
