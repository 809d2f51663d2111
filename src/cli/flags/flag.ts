import { type Command, Option } from 'commander'
import type { Setting } from '../../wording.js'

export interface FlagOptions {
  parse?: (value: string, earlier: never) => unknown
  choices?: readonly string[]
  /** What the flag means without a value. */
  preset?: string
  /** The environment variable that provides a default. */
  variable?: string
  isMandatory?: boolean
}

/** One option of the command line: what commander needs to know, and the setting of a request, if it has one. */
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

export function toOption({
  spec,
  help,
  parse,
  choices,
  preset,
  variable,
  isMandatory = false,
}: Flag): Option {
  const option = new Option(spec, help).makeOptionMandatory(isMandatory)
  if (choices) option.choices(choices)
  if (preset !== undefined) option.preset(preset)
  if (parse) option.argParser(parse as (value: string, earlier: unknown) => unknown)
  if (variable) option.env(variable)
  return option
}
