import { GitSyncError } from '../../errors.js'
import { AGENT } from '../../version.js'
import { encodePacket, FLUSH_PACKET } from '../packets/pkt-line.js'
import { isObjectId, type ObjectFormat, zeroId } from '../refs/object-id.js'
import { isValidRefName } from '../refs/ref-name.js'
import type { Capabilities } from './capabilities.js'

// gitprotocol-pack, "Reference Update Request and Packfile Transfer".

export interface Command {
  ref: string
  /** The id that the target must still have; empty for a create. */
  oldId: string
  /** Empty for a delete. */
  newId: string
}

export interface PushOptions {
  atomic?: boolean
  pushOptions?: readonly string[]
}

/**
 * The part of a push before its pack: commands, flush, and push options with a flush of their own.
 *
 * @throws GitSyncError `internal` for commands that no plan can contain
 */
export function writeCommands(
  offered: Capabilities,
  commands: readonly Command[],
  options: PushOptions,
): Buffer {
  const chosen = chooseCapabilities(offered, commands, options)
  const format = offered.objectFormat
  checkCommands(commands, format)
  const zero = zeroId(format)
  const packets = commands.map(({ ref, oldId, newId }, index) => {
    const command = `${oldId || zero} ${newId || zero} ${ref}`
    return encodePacket(index === 0 ? `${command}\0 ${chosen.join(' ')}` : command)
  })
  packets.push(FLUSH_PACKET)
  if (chosen.includes('push-options')) {
    for (const option of options.pushOptions ?? []) packets.push(encodePacket(option))
    packets.push(FLUSH_PACKET)
  }
  return Buffer.concat(packets)
}

/**
 * Checks the commands once more before they are sent: a null new id, for example, would be a delete that no guard has
 * counted.
 */
function checkCommands(commands: readonly Command[], format: ObjectFormat): void {
  const isId = (id: string) => id === '' || isObjectId(id, format)
  const refs = new Set<string>()
  for (const { ref, oldId, newId } of commands) {
    const isSound = isValidRefName(ref) && isId(oldId) && isId(newId) && oldId !== newId
    if (!isSound || refs.has(ref)) {
      const command = JSON.stringify(`${oldId || '(none)'} ${newId || '(none)'} ${ref}`)
      throw new GitSyncError('internal', `A push would hold the command ${command}: nothing was sent.`)
    }
    refs.add(ref)
  }
}

function chooseCapabilities(
  offered: Capabilities,
  commands: readonly Command[],
  options: PushOptions,
): string[] {
  const first = (...names: string[]) => names.find((name) => offered.has(name))
  const wished = [
    // Requested even if it is not offered: some servers move no ref without it.
    first('report-status-v2') ?? 'report-status',
    first('side-band-64k'),
    commands.some(({ newId }) => newId === '') ? first('delete-refs') : undefined,
    options.atomic ? first('atomic') : undefined,
    // receive-pack fails if it is requested and no options follow.
    options.pushOptions?.length ? first('push-options') : undefined,
    offered.has('object-format') ? `object-format=${offered.objectFormat}` : undefined,
    offered.has('agent') ? `agent=${AGENT}` : undefined,
  ]
  return wished.filter((name) => name !== undefined)
}
