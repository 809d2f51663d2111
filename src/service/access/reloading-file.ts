import { isUtf8 } from 'node:buffer'
import { readFile, stat } from 'node:fs/promises'
import { SettingError } from '../../settings/setting-error.js'

export interface ReloadingFileOptions<T> {
  /** The setting that names the file, for errors. */
  setting: string
  path: string
  /** Its errors are shown and logged, so they must not repeat the contents of the file. */
  parse: (text: string) => T
  onReloadFailed: (error: SettingError) => void
}

/**
 * A file that is read again when it has changed. It is checked on each access, which also detects files that are
 * replaced through a symbolic link. If the new contents cannot be used, the old ones stay in use, and `onReloadFailed`
 * is called once.
 */
export class ReloadingFile<T> {
  readonly #options: ReloadingFileOptions<T>
  #stamp: string
  #value: T

  private constructor(options: ReloadingFileOptions<T>, stamp: string, value: T) {
    this.#options = options
    this.#stamp = stamp
    this.#value = value
  }

  /** Reads it for the first time. @throws SettingError */
  static async open<T>(options: ReloadingFileOptions<T>): Promise<ReloadingFile<T>> {
    const stamp = await stampOf(options.path)
    return new ReloadingFile(options, stamp, await load(options))
  }

  async read(): Promise<T> {
    const stamp = await stampOf(this.#options.path)
    if (stamp === this.#stamp) return this.#value
    this.#stamp = stamp
    try {
      this.#value = await load(this.#options)
    } catch (error) {
      this.#options.onReloadFailed(error as SettingError)
    }
    return this.#value
  }
}

/** A string that changes when the file is written or replaced. */
async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return [ino, size, mtimeNs, ctimeNs].join(' ')
  } catch {
    return 'unreadable'
  }
}

async function load<T>({ setting, path, parse }: ReloadingFileOptions<T>): Promise<T> {
  try {
    return parse(textOf(await readFile(path)))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new SettingError(
      code === undefined ? `${setting} ${message}` : `${setting} cannot be read: ${message}`,
    )
  }
}

/** A file's text without a byte order mark. @throws Error with the first line that is not UTF-8 */
function textOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString().replace(/^\ufeff/, '')
  let [line, start] = [1, 0]
  for (
    let end = bytes.indexOf(LF);
    end >= 0 && isUtf8(bytes.subarray(start, end));
    end = bytes.indexOf(LF, start)
  ) {
    line++
    start = end + 1
  }
  throw new Error(`must be UTF-8, but line ${line} is not`)
}

const LF = 0x0a
