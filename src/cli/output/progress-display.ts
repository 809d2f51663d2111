import cliProgress, { type Params } from 'cli-progress'
import type { ProgressEvent, RunEvent } from '../../../schemas/event.js'
import { printable } from '../../runtime/printable.js'
import { byteSize, counted } from '../../runtime/units.js'
import type { RunFlags } from '../flags/flags.js'
import { styleOf } from './style.js'

/** The text and the bar of the line. */
interface Shown {
  text: string
  /** Undefined where the total is unknown. */
  fraction: number | undefined
}

/** Shows the progress of a run: a bar that is redrawn, and above it the lines that stay. */
export class ProgressDisplay {
  readonly #stream: NodeJS.WriteStream
  readonly #hasBar: boolean
  readonly #verbose: boolean
  #bar: cliProgress.SingleBar | undefined
  /** How far a run of several pushes is. */
  #ofBatches: number | undefined
  readonly #started = Date.now()
  #shown: Shown = { text: '', fraction: undefined }

  constructor(stream: NodeJS.WriteStream, { progress = false, verbose = false }: RunFlags) {
    this.#stream = stream
    this.#hasBar = stream.isTTY || progress
    this.#verbose = verbose
  }

  onEvent(event: RunEvent): void {
    if (event.type === 'progress') {
      this.#ofBatches = batchFraction(event)
      this.#draw({ text: progressText(event), fraction: this.#ofBatches })
    } else if (event.type === 'remote' && percentOf(event.text) !== undefined) {
      // Before and after the pack, the remote's own percentage is all that is known.
      this.#draw({ text: `${event.side}: ${event.text}`, fraction: this.#ofBatches ?? percentOf(event.text) })
    } else if (event.type === 'notice') this.#say(`note: ${event.text}`)
    else if (this.#verbose) this.#say(describe(event))
  }

  /** Removes the bar, so that the line can be written on. */
  stop(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }

  #say(text: string): void {
    this.stop()
    this.#stream.write(`${styleOf(this.#stream).dim(printable(text, 1000))}\n`)
  }

  #draw(shown: Shown): void {
    if (!this.#hasBar) return
    this.#shown = shown
    this.#bar ??= this.#start()
    this.#bar.update(shown.fraction ?? 0)
  }

  #start(): cliProgress.SingleBar {
    const bar = new cliProgress.SingleBar({
      stream: this.#stream,
      format: (options, params) => this.#line(options, params),
      barsize: 20,
      barCompleteChar: '#',
      barIncompleteChar: '.',
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: false,
      noTTYOutput: true,
    })
    bar.start(1, 0)
    return bar
  }

  #line(options: cliProgress.Options, { progress }: Params): string {
    const { text, fraction } = this.#shown
    const seconds = Math.round((Date.now() - this.#started) / 1000)
    const bar = fraction === undefined ? '' : `[${cliProgress.Format.BarFormat(progress, options)}] `
    return `${bar}${printable(text, 1000)} ${seconds}s`
  }
}

function progressText({
  phase,
  sourceBytes,
  targetBytes,
  bytesPerSecond,
  objects,
  batch,
  lfs,
}: ProgressEvent): string {
  if (phase === 'lfs') {
    const moved = lfs
      ? `${lfs.done} of ${counted(lfs.total, 'object')}, ${byteSize(lfs.bytes)} of ${byteSize(lfs.totalBytes)}`
      : ''
    return lfs && lfs.total > 0 ? `LFS: ${moved}, ${byteSize(bytesPerSecond)}/s` : 'LFS: looking for objects'
  }
  if (phase === 'prove') return 'proving fast-forwards'
  const part = batch ? ` ${batch.index} of ${batch.total}` : ''
  const content = objects ? ` of ${counted(objects.total, 'object')}` : ''
  const moved = `${byteSize(sourceBytes)} read, ${byteSize(targetBytes)} written, ${byteSize(bytesPerSecond)}/s`
  return phase === 'confirm' ? `waiting for the target${part}: ${moved}` : `pack${part}${content}: ${moved}`
}

function batchFraction({ batch, lfs }: ProgressEvent): number | undefined {
  if (lfs) return lfs.totalBytes > 0 ? Math.min(1, lfs.bytes / lfs.totalBytes) : undefined
  return batch && batch.total > 0 ? Math.min(1, (batch.index - 1) / batch.total) : undefined
}

function percentOf(text: string): number | undefined {
  const found = /: +(\d{1,3})% \(/.exec(text)?.[1]
  return found === undefined ? undefined : Math.min(1, Number(found) / 100)
}

function describe(event: Exclude<RunEvent, { type: 'progress' | 'notice' }>): string {
  if (event.type === 'remote') return `${event.side}: ${event.text}`
  if (event.type === 'discovered') {
    return `${event.side} has ${counted(event.refs, 'ref')} (protocol ${event.protocol})`
  }
  return `planned: ${event.create} to create, ${event.update} to update, ${event.delete} to delete, ${event.skip} up to date, ${event.block} blocked`
}
