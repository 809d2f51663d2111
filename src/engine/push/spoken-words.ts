import { StringDecoder } from 'node:string_decoder'

const MOST = 16 * 1024
const PROGRESS = /\d% \(\d+\/\d+\)|\d [KMG]?i?B\/s\b/

/** The last 16 KiB of a target's text outside its report: often the only place that says why it refuses a push. */
export class SpokenWords {
  readonly #decoder = new StringDecoder('utf8')
  #heard = ''

  hear(text: Buffer): void {
    this.#heard = (this.#heard + this.#decoder.write(text)).slice(-MOST)
  }

  /** Its lines; progress is left out, with its numbers. */
  get lines(): string[] {
    return this.#heard.split(/[\r\n]+/).filter((line) => line !== '' && !PROGRESS.test(line))
  }
}
