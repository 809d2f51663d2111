/** Runs a command of this project, whose process ends with the status that `main` gives, or 1 if it throws. */
export function runProgram(main: () => Promise<number>): void {
  main().then(
    (status) => process.exit(status),
    (error: unknown) => {
      console.error(error instanceof Error ? (error.stack ?? error.message) : error)
      process.exit(1)
    },
  )
}

/** Writes a line to standard output. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** For a command without arguments: the status to end with after printing its usage, if it was given any. */
export function usageStatus(usage: string): number | undefined {
  if (process.argv.length === 2) return undefined
  process.stdout.write(usage)
  return process.argv[2] === '--help' ? 0 : 2
}

/** A number that an environment variable may set. @throws where it is no whole number from `least` on */
export function numberFromEnv(name: string, fallback: number, least: number): number {
  const text = process.env[name] || String(fallback)
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new Error(`${name}=${text} is not a number from ${least} on`)
}
