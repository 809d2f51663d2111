import t from 'tap'
import { figure } from '../../bench/figure.js'
import { alternate, ratios, summarize, valuesOf } from '../../bench/measure.js'

t.test('a summary is the middle value and the spread', async (t) => {
  t.same(summarize([9, 1, 5]), { median: 5, min: 1, max: 9 })
  t.same(summarize([4, 10, 2, 3]), { median: 3.5, min: 2, max: 10 })
  t.same(summarize([7]), { median: 7, min: 7, max: 7 })
  // As text, 10 would come before 9.
  t.equal(summarize([9, 10, 11]).median, 10)
  t.throws(() => summarize([]), RangeError)
})

t.test('ratios are of each round, not of the medians', async (t) => {
  t.same(ratios([10, 40, 90], [10, 20, 30]), [1, 2, 3])
  t.throws(() => ratios([1, 2], [1]), RangeError)
  const { ratio } = figure({
    case: 'a',
    measure: 'time',
    unit: 's',
    ours: [1, 10, 3],
    baseline: { name: 'b', values: [1, 5, 1] },
  })
  t.same(ratio, { median: 2, min: 1, max: 3 })
})

t.test('every round runs all contenders, and begins with the next one', async (t) => {
  const order: string[] = []
  const contender = (name: string) => async () => ({ run: order.push(name) })
  const samples = await alternate(3, { a: contender('a'), b: contender('b') })
  t.same(order, ['a', 'b', 'b', 'a', 'a', 'b'])
  t.same(valuesOf(samples.a, 'run'), [1, 4, 5])
  t.throws(() => valuesOf(samples.b, 'speed'), /speed was not measured/)
})

t.test('budgets hold by the median, by the worst round, or by the ratio', async (t) => {
  const of = (budget: Parameters<typeof figure>[0]['budget']) =>
    figure({
      case: 'a',
      measure: 'time',
      unit: 's',
      ours: [1, 2, 6],
      baseline: { name: 'b', values: [1, 1, 2] },
      ...(budget && { budget }),
    }).budget?.met
  t.equal(of({ of: 'median', most: 2 }), true)
  t.equal(of({ of: 'worst', most: 2 }), false)
  t.equal(of({ of: 'worst', most: 6 }), true)
  t.equal(of({ of: 'worst', least: 2 }), false)
  t.equal(of({ of: 'median', least: 2 }), true)
  t.equal(of({ of: 'ratio', most: 2 }), true)
  t.equal(of({ of: 'ratio', most: 1.9 }), false)
  t.equal(of(undefined), undefined)
  const withoutBaseline = { case: 'a', measure: 'time', unit: 's', ours: [1] } as const
  t.throws(() => figure({ ...withoutBaseline, budget: { of: 'ratio', most: 1 } }), /baseline/)
})
