import { type Figure, figure } from '../figure.js'
import { alternate, type Sample, valuesOf } from '../measure.js'
import type { FakeRemote } from '../processes/fake-remote.js'
import type { Flood } from '../processes/product.js'
import type { Bench, Scenario } from '../scenario.js'
import { turnFigures, turnOf } from '../turns.js'
import { MIB } from '../units.js'
import { Worker } from '../worker.js'

const WIDTH = 100
const [OLD, NEW] = ['1'.repeat(40), '2'.repeat(40)]

/** A hundred runs at once in one process, between fake remotes: beside the same number of bare requests. */
export const manyAtOnce: Scenario = {
  number: 5,
  title: 'one hundred runs at once, fake remotes',
  async run(bench) {
    const total = bench.quick ? 400 : 2000
    const [source, current, behind] = [
      await startFake(bench, NEW),
      await startFake(bench, NEW),
      await startFake(bench, OLD),
    ]
    return [
      ...(await measure(bench, 'no-ops', 3, total, source, current)),
      ...(await measure(bench, 'small updates', 6, total / 2, source, behind)),
    ]
  },
}

async function startFake(bench: Bench, tip: string): Promise<FakeRemote> {
  const worker = await Worker.start('fake-remote', bench)
  return worker.call<FakeRemote>('start', { tip })
}

async function measure(
  bench: Bench,
  name: string,
  requests: number,
  total: number,
  source: FakeRemote,
  target: FakeRemote,
): Promise<Figure[]> {
  const samples = await alternate(bench.rounds, {
    sync: () => flood(bench, total, source, target),
    bare: async () => {
      const worker = await Worker.start('pipes', bench)
      const url = `${source.origin}/info/refs?service=git-upload-pack`
      const urls = Array.from({ length: requests }, () => url)
      await worker.call('requests', urls, WIDTH, WIDTH)
      const seconds = await worker.call<number>('requests', urls, total, WIDTH)
      await worker.stop()
      return { throughput: total / seconds }
    },
  })
  const of = (measure: string) => valuesOf(samples.sync, measure)
  return [
    figure({
      case: name,
      measure: 'runs a second',
      unit: '/s',
      ours: of('throughput'),
      baseline: { name: `${requests} bare GETs each`, values: valuesOf(samples.bare, 'throughput') },
      ...(requests === 3 && { budget: { of: 'median', least: 300 } }),
    }),
    figure({ case: name, measure: 'p50', unit: 'ms', ours: of('p50') }),
    figure({ case: name, measure: 'p99', unit: 'ms', ours: of('p99') }),
    ...turnFigures(name, samples.sync),
    figure({ case: name, measure: 'peak memory over idle', unit: 'MiB', ours: of('over') }),
  ]
}

async function flood(bench: Bench, total: number, source: FakeRemote, target: FakeRemote): Promise<Sample> {
  const product = await Worker.start('product', bench, { isProduct: true })
  const idle = await product.usage()
  const request = { source: { url: source.origin }, target: { url: target.origin } }
  await product.call<Flood>('flood', request, WIDTH, WIDTH)
  const { seconds, latencies, turn } = await product.call<Flood>('flood', request, total, WIDTH)
  const { peakRssBytes } = await product.usage()
  await product.stop()
  const sorted = latencies.sort((a, b) => a - b)
  const quantile = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] as number
  return {
    throughput: total / seconds,
    p50: quantile(0.5),
    p99: quantile(0.99),
    ...turnOf(turn),
    over: (peakRssBytes - idle.rssBytes) / MIB,
  }
}
