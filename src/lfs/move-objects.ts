import { GitSyncError } from '../errors.js'
import { MAX_BATCH } from './lfs-http.js'
import type { ObjectList } from './object-list.js'
import type { Pointer } from './pointer.js'
import { type Answers, ask, askBoth, type Sides, transferObject } from './transfer.js'
import { CorruptObjectError } from './verified-object.js'

/** Objects that a run moves at once, as git-lfs's client does. */
const AT_ONCE = 8
/** Batch requests at once. */
const BATCHES_AT_ONCE = 4
/** Objects that could not be moved and are named in a result. */
const MAX_FAILED = 100

export interface FailedObject extends Pointer {
  reason: string
}

export interface Moving {
  sides: Sides
  list: ObjectList
  /** The phase's own, so that one failure ends what is under way: the servers' signal. */
  ending: AbortController
  onMoved: (object: Pointer) => void
}

/** Finds out which objects the target lacks. @throws GitSyncError */
export async function findLacking({ sides, list, ending }: Omit<Moving, 'onMoved'>): Promise<void> {
  const chunks = list.inChunks('named', MAX_BATCH)
  await inParallel(BATCHES_AT_ONCE, ending, async () => {
    for (let { value } = chunks.next(); value; { value } = chunks.next()) {
      const numbers: number[] = value
      const answers = await ask(
        sides,
        'upload',
        numbers.map((number) => list.at(number)),
      )
      for (const number of numbers) {
        const isPresent = answers.get(list.at(number).oid)?.type === 'present'
        list.setState(number, isPresent ? 'present' : 'lacking')
      }
    }
  })
}

/**
 * Moves the objects that the target lacks. Returns those that the source lacks, up to a limit; they do not stop the others.
 *
 * @throws GitSyncError for what is no single object's fault
 */
export async function moveLacking({ sides, list, ending, onMoved }: Moving): Promise<FailedObject[]> {
  const failed: FailedObject[] = []
  const ready = answeredObjects(sides, list)
  await inParallel(AT_ONCE, ending, async () => {
    for (;;) {
      const { value } = await ready.next()
      if (!value) return
      const { number, answers } = value
      const object = list.at(number)
      try {
        const isMoved = await transferObject(sides, object, answers)
        list.setState(number, isMoved ? 'moved' : 'present')
        onMoved(object)
      } catch (error) {
        if (!(error instanceof GitSyncError) || error.code !== 'lfs_object_missing') throw error
        list.setState(number, 'failed')
        if (failed.length < MAX_FAILED) failed.push({ ...object, reason: reasonOf(error) })
      }
    }
  })
  return failed
}

interface AnsweredObject {
  number: number
  answers: Answers
}

/** What the target lacks, with what both servers say of it. They are asked one batch ahead, so that no action waits for long. */
async function* answeredObjects(sides: Sides, list: ObjectList): AsyncGenerator<AnsweredObject, undefined> {
  const chunks = list.inChunks('lacking', MAX_BATCH)
  const nextBatch = () => {
    const { value } = chunks.next()
    const asking = value ? askAbout(sides, list, value) : undefined
    // It may fail while nobody waits for it.
    asking?.catch(() => {})
    return asking
  }
  for (let asking = nextBatch(); asking; ) {
    const answered = await asking
    asking = nextBatch()
    yield* answered
  }
  return undefined
}

async function askAbout(
  sides: Sides,
  list: ObjectList,
  numbers: readonly number[],
): Promise<AnsweredObject[]> {
  const objects = numbers.map((number) => list.at(number))
  const answers = await askBoth(sides, objects)
  return answers.map((each, at) => ({ number: numbers[at] as number, answers: each }))
}

/** So many workers at the same work; the first failure ends the others. */
async function inParallel(
  workers: number,
  ending: AbortController,
  work: () => Promise<void>,
): Promise<void> {
  let failure: { error: unknown } | undefined
  const guarded = async () => {
    try {
      await work()
    } catch (error) {
      failure ??= { error }
      ending.abort(error)
    }
  }
  await Promise.all(Array.from({ length: workers }, guarded))
  if (failure) throw failure.error
}

function reasonOf({ message, cause }: GitSyncError): string {
  return cause instanceof CorruptObjectError
    ? cause.message
    : message.replace(/^[^:]*: /, '').replace(/\.$/, '')
}
