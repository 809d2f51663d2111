import type { WriteStream } from 'node:tty'
import type { Event, ProgressEvent } from '../schemas/event.js'
import { humanBytes } from './print.js'

/** Shows a run as it goes: on a terminal one line drawn over and over, elsewhere a line for each thing to say. */
export class ProgressLine {
  constructor(private readonly output: WriteStream) {}

  show(event: Event): void {
    const text = describe(event)
    if (text === undefined) return
    if (!this.output.isTTY) this.output.write(`  ${text}\n`)
    else {
      this.clear()
      const passing = event.type === 'progress' || event.type === 'remote'
      // A line that wraps could not be cleared.
      this.output.write(passing ? `  ${text}`.slice(0, (this.output.columns || 80) - 1) : `  ${text}\n`)
    }
  }

  /** Leaves an empty line to write on. */
  clear(): void {
    if (this.output.isTTY) this.output.write('\r\x1b[K')
  }
}

function describe(event: Event): string | undefined {
  switch (event.type) {
    case 'queued':
      return `waiting for a ${event.for}, place ${event.position}`
    case 'discovered':
      return `${event.side} has ${event.refs} refs (protocol ${event.protocol})`
    case 'planned':
      return `plan: ${event.create} to create, ${event.update} to update, ${event.delete} to delete, ${event.skip} up to date`
    case 'progress':
      return describeProgress(event)
    case 'remote':
      return `${event.side}: ${event.text.trim()}`
    case 'notice':
      return `note: ${event.text}`
  }
}

function describeProgress({ phase, sourceBytes, targetBytes, bytesPerSecond, batch }: ProgressEvent) {
  const part = batch ? ` (part ${batch.index} of ${batch.total})` : ''
  const speed = `${humanBytes(bytesPerSecond)}/s`
  return `${phase}${part}: ${humanBytes(sourceBytes)} read, ${humanBytes(targetBytes)} written, ${speed}`
}
