import { type Command, Option } from 'commander'
import type { Setting } from '../../wording.js'

export interface FlagOptions {
  parse?: (value: string, earlier: never) => unknown
  choices?: readonly string[]
  /** The variable that it is read from where it is not given. */
  variable?: string
  isMandatory?: boolean
}

/** One option of the command line: what commander is told of it, and what it sets in a request, if anything. */
export interface Flag extends FlagOptions {
  spec: string
  setting: Setting | undefined
  help: string
}

export function flag(
  spec: string,
  setting: Setting | undefined,
  help: string,
  options: FlagOptions = {},
): Flag {
  return { spec, setting, help, ...options }
}

/** Adds flags in their order, under a heading of the help. */
export function addFlags(command: Command, heading: string, flags: readonly Flag[]): Command {
  for (const row of flags) command.addOption(toOption(row).helpGroup(`${heading}:`))
  return command
}

export function toOption({ spec, help, parse, choices, variable, isMandatory = false }: Flag): Option {
  const option = new Option(spec, help).makeOptionMandatory(isMandatory)
  if (choices) option.choices(choices)
  if (parse) option.argParser(parse as (value: string, earlier: unknown) => unknown)
  if (variable) option.env(variable)
  return option
}
