import { test } from 'tap'
import { SegmentedArray } from '../../src/runtime/segmented-array.js'

test('items stay at their index over many segments, and none is copied', async (t) => {
  let segments = 0
  const create = (items: number) => {
    segments++
    return new Uint32Array(items)
  }
  const array = new SegmentedArray(create)
  t.equal(segments, 0, 'an empty array takes no memory')
  for (let index = 0; index < 40_000; index++) array.push(index * 3)
  t.equal(array.length, 40_000)
  t.equal(segments, 3)
  const wrong = Array.from({ length: 40_000 }, (_, index) => array.at(index) - index * 3)
  t.ok(wrong.every((difference) => difference === 0))
  array.set(16_384, 7)
  t.same(
    [16_383, 16_384, 16_385].map((index) => array.at(index)),
    [49_149, 7, 49_155],
  )
})

test('room that was made holds zeros, and items of several numbers find their segment', async (t) => {
  const array = new SegmentedArray((items) => new Uint8Array(items * 20))
  const indexes = Array.from({ length: 20_000 }, () => array.grow())
  t.ok(indexes.every((index, place) => index === place))
  t.equal(array.segment(0), array.segment(16_383))
  t.not(array.segment(16_383), array.segment(16_384))
  t.same([array.place(16_383), array.place(16_384)], [16_383, 0])
  t.equal(array.at(19_999), 0)
})
