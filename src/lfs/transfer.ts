import { buffer } from 'node:stream/consumers'
import { GitSyncError } from '../errors.js'
import { Semaphore } from '../runtime/semaphore.js'
import { type Action, isExpired } from './action.js'
import type { Operation } from './batch-api.js'
import { MAX_REDIRECTS } from './lfs-connection.js'
import { DeniedActionError, missingAtSource } from './lfs-error.js'
import type { Answer, LfsHttp } from './lfs-http.js'
import type { Pointer } from './pointer.js'
import { retrying, type Wait } from './retry.js'
import { CorruptObjectError, checkLength, verifiedObject } from './verified-object.js'

/** Both sides of a run, and where it tells how far it is. */
export interface Sides {
  source: LfsHttp
  target: LfsHttp
  /** The refs that the objects belong to, by which some servers decide. */
  refs?: { source?: string | undefined; target?: string | undefined }
  wait: Wait
  meter: TransferMeter
}

export interface TransferMeter {
  received(bytes: number): void
  sent(bytes: number): void
}

/** What both servers have said of an object that is to be moved. */
export interface Answers {
  download: Answer | undefined
  upload: Answer | undefined
}

/** Objects that all runs of the process move at once. */
const PER_PROCESS = 32
const everybody = new Semaphore(PER_PROCESS)
/** Bytes of an object that is verified whole before any of it is sent. */
const WHOLE = 256 * 1024

/**
 * Moves one object, by actions that are asked for anew at each further attempt, as they may have expired. False where the target had it after all.
 *
 * @throws GitSyncError `lfs_object_missing` where the source lacks it or has something else
 */
export function transferObject(sides: Sides, object: Pointer, first: Answers): Promise<boolean> {
  const { signal } = sides.source
  const attempt = (number: number) =>
    everybody.run(signal, async () => {
      // An action that was just given is taken as it is: the clocks may differ.
      const [answers = first] =
        number === 1 && isFresh(sides, first) ? [first] : await askBoth(sides, [object])
      return transferOnce(sides, object, answers)
    })
  return retrying(attempt, { signal, wait: sides.wait, mayPass })
}

/** Asks one side of some objects. @throws GitSyncError */
export function ask(
  { source, target, refs, wait }: Pick<Sides, 'source' | 'target' | 'refs' | 'wait'>,
  operation: Operation,
  objects: readonly Pointer[],
): Promise<Map<string, Answer>> {
  const [server, ref] = operation === 'upload' ? [target, refs?.target] : [source, refs?.source]
  return retrying(() => server.batch(operation, objects, ref), { signal: server.signal, wait })
}

/** Asks the target of some objects, and the source of those that it lacks. The answers are in the order of the objects. */
export async function askBoth(sides: Sides, objects: readonly Pointer[]): Promise<Answers[]> {
  const uploads = await ask(sides, 'upload', objects)
  const wanted = objects.filter(({ oid }) => uploads.get(oid)?.type === 'transfer')
  const downloads = wanted.length > 0 ? await ask(sides, 'download', wanted) : undefined
  return objects.map(({ oid }) => ({ upload: uploads.get(oid), download: downloads?.get(oid) }))
}

async function transferOnce(sides: Sides, object: Pointer, { upload, download }: Answers): Promise<boolean> {
  const { source, target } = sides
  if (upload?.type === 'present') return false
  const { action: to, verify } = actionOf(target, upload)
  await send(sides, object, actionOf(source, download).action, to)
  if (verify) await retrying(() => target.verify(verify, object), { signal: target.signal, wait: sides.wait })
  return true
}

/** GET and PUT as one stream. A redirected PUT begins with a new GET, as nothing of the object is kept. */
async function send(sides: Sides, object: Pointer, from: Action, to: Action): Promise<void> {
  const { source, target, meter } = sides
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const download = await source.download(from)
    await checkLength(download, object)
    const verified = verifiedObject(download, object, (bytes) => meter.received(bytes))
    try {
      const body = object.size <= WHOLE ? await buffer(verified) : counted(verified, meter)
      const uploaded = await target.upload(to, body, object.size)
      if (Buffer.isBuffer(body)) meter.sent(body.length)
      if (uploaded.type === 'done') return
      to = uploaded.action
    } finally {
      // First the body: one that is waited for would keep the other from ending.
      await download.body.return()
      await verified.return(undefined)
    }
  }
  throw new GitSyncError(
    'redirect_refused',
    `The LFS storage of the target redirects more than ${MAX_REDIRECTS} times.`,
  )
}

async function* counted(chunks: AsyncIterable<Buffer>, meter: TransferMeter): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    yield chunk
    meter.sent(chunk.length)
  }
}

/** @throws GitSyncError where the server has refused the object */
function actionOf(
  { side }: LfsHttp,
  answer: Answer | undefined,
): { action: Action; verify: Action | undefined } {
  if (answer?.type === 'transfer') return answer
  if (answer?.type === 'refused') throw answer.error
  if (side === 'source') throw missingAtSource('its response leaves the object out')
  throw new GitSyncError(
    'target_protocol_error',
    'The LFS server of the target leaves an object out of its response.',
  )
}

/** Whether actions that were given a while ago may still be taken. */
function isFresh({ source, target }: Sides, { upload, download }: Answers): boolean {
  const isOver = (server: LfsHttp, answer: Answer | undefined) =>
    answer?.type === 'transfer' && isExpired(answer.action, server.now)
  return !isOver(target, upload) && !isOver(source, download)
}

/** What another attempt may mend: what the error itself says, damage, a response that broke off, and an action that has expired. */
function mayPass({ retryable, code, cause }: GitSyncError): boolean {
  if (retryable || cause instanceof CorruptObjectError || cause instanceof DeniedActionError) return true
  return code === 'source_protocol_error' || code === 'target_protocol_error'
}
