import { test } from 'tap'
import { newObjects } from '../../../src/engine/push/wants.js'
import { id } from '../../../testing/cases/planned.js'

const [A, B, C] = [id('a'), id('b'), id('c')]
const command = (newId: string, oldId = '') => ({ ref: 'refs/heads/x', oldId, newId })

test('objects that the target holds are not asked for, nor any twice, nor what a delete leaves', async (t) => {
  const held = new Map([['refs/heads/a', A]])
  t.same(await newObjects([command(A), command(B), command(C, A), command(B), command('', A)], held), [B, C])
  t.same(await newObjects([command(A), command('', A)], held), [])
})
