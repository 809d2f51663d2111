import t from 'tap'
import type { Frontier } from '../../../src/engine/batch/frontier.js'
import {
  FIRST_MOVE,
  type Move,
  mayRecount,
  moveAfterRecount,
  moveAfterRefusal,
  moveAfterSuccess,
  type Refused,
} from '../../../src/engine/batch/next-move.js'

const next = { headIds: ['a'], isWhole: false } as unknown as Frontier
const whole = { headIds: ['b'], isWhole: true } as unknown as Frontier

const refused = (parts: Partial<Refused> = {}): Refused => ({
  next,
  hasCommits: true,
  isLeast: false,
  isProven: false,
  isGuess: false,
  ...parts,
})

t.test('what was refused is made smaller', async (t) => {
  const move = moveAfterRefusal(FIRST_MOVE, refused())
  t.strictSame(move, { type: 'shrink', overLimit: next, refusals: 1, isUneven: true })
  const again = moveAfterRefusal(move as Move, refused({ next: whole }))
  t.strictSame(again, { type: 'shrink', overLimit: whole, refusals: 2, isUneven: true })
})

t.test('after a batch that was accepted nothing is known against the next one', async (t) => {
  t.strictSame(moveAfterSuccess(false), FIRST_MOVE)
  t.strictSame(moveAfterSuccess(true), { ...FIRST_MOVE, isUneven: true })
})

t.test('a size that was accepted before is tried once more, and then made smaller', async (t) => {
  const proven = refused({ isProven: true })
  const again = moveAfterRefusal(FIRST_MOVE, proven)
  t.strictSame(again, { ...FIRST_MOVE, refusals: 1 })
  t.match(moveAfterRefusal(again as Move, proven), { type: 'shrink', refusals: 2 })
})

t.test('a connection that breaks three times in a row has other reasons', async (t) => {
  const guess = refused({ isGuess: true })
  const second = moveAfterRefusal(moveAfterRefusal(FIRST_MOVE, guess) as Move, guess)
  t.match(second, { type: 'shrink', refusals: 2 })
  t.strictSame(moveAfterRefusal(second as Move, guess), { type: 'stuck', because: 'connection' })
  t.match(moveAfterRefusal(second as Move, refused()), { type: 'shrink' }, 'a refusal says so itself')
})

t.test('the least of the last push goes alone, once', async (t) => {
  const least = refused({ next: whole, isLeast: true })
  const alone = moveAfterRefusal({ ...FIRST_MOVE, isUneven: true }, least)
  t.strictSame(alone, { type: 'alone', least: whole, refusals: 1, isUneven: true })
  t.strictSame(moveAfterRefusal(alone as Move, least), { type: 'stuck', because: 'one-commit' })
})

t.test('a batch of the least there is cannot be helped', async (t) => {
  t.strictSame(moveAfterRefusal(FIRST_MOVE, refused({ isLeast: true })), {
    type: 'stuck',
    because: 'one-commit',
  })
})

t.test('what is no commit cannot be cut', async (t) => {
  const move = moveAfterRefusal(FIRST_MOVE, refused({ next: whole, hasCommits: false, isLeast: true }))
  t.strictSame(move, { type: 'stuck', because: 'no-commits' })
})

t.test('a pack that its header rules out is made smaller three times, then it is pushed', async (t) => {
  const moves = [FIRST_MOVE]
  for (let move = FIRST_MOVE; mayRecount(move); ) {
    move = moveAfterRecount(move)
    moves.push(move)
  }
  t.strictSame(
    moves,
    [0, 1, 2, 3].map((recounts) => ({ ...FIRST_MOVE, recounts })),
  )
  const shrink: Move = { type: 'shrink', overLimit: next, refusals: 1, isUneven: true }
  t.notOk(mayRecount(shrink), 'what was weighed is not checked again')
})
