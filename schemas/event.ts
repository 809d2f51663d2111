import { StringEnum } from './atoms.js'
import { Problem } from './problem.js'
import { ProbeResult, Protocol, SyncResult, TransferMode } from './result.js'
import Type from './type.js'

export const EndpointRole = StringEnum(['source', 'target'], { title: 'EndpointRole' })
export type EndpointRole = Type.Static<typeof EndpointRole>

export const Operation = StringEnum(['probe', 'plan', 'sync', 'replicate'], { title: 'Operation' })
export type Operation = Type.Static<typeof Operation>

const event = <const Name extends string, P extends Type.TProperties>(
  type: Name,
  id: string,
  properties: P,
) => Type.Object({ type: StringEnum([type]), ...properties }, { title: id })

export const StartedEvent = event('started', 'StartedEvent', {
  operation: Operation,
  requestId: Type.String({ description: 'The same id as in problems and in the log.' }),
  time: Type.String({ description: 'ISO 8601, UTC.' }),
})
export const QueuedEvent = event('queued', 'QueuedEvent', {
  position: Type.Integer({ minimum: 1, description: 'The position in the queue, from 1.' }),
  for: StringEnum(['slot', 'target'], {
    description: '`slot`: the service is full. `target`: another run writes to that repository.',
  }),
})
export const DiscoveredEvent = event('discovered', 'DiscoveredEvent', {
  side: EndpointRole,
  protocol: Protocol,
  refs: Type.Integer({ description: 'The number of refs that it listed.' }),
  head: Type.Optional(Type.String({ description: 'The branch that its HEAD names.' })),
})
export const PlannedEvent = event('planned', 'PlannedEvent', {
  create: Type.Integer(),
  update: Type.Integer(),
  forced: Type.Optional(Type.Integer({ description: 'Absent if the proofs run alongside the relay.' })),
  delete: Type.Integer(),
  skip: Type.Integer(),
  block: Type.Integer(),
  transferMode: TransferMode,
})
export const ProgressEvent = event('progress', 'ProgressEvent', {
  phase: StringEnum(['prove', 'lfs', 'relay', 'confirm'], {
    description:
      "Proving fast-forwards, moving LFS objects, sending the pack, or waiting for the target's report.",
  }),
  sourceBytes: Type.Integer({
    description: 'Pack bytes read from the source; in the phase `lfs`, LFS bytes.',
  }),
  targetBytes: Type.Integer({
    description: 'Pack bytes sent to the target; in the phase `lfs`, LFS bytes.',
  }),
  bytesPerSecond: Type.Integer({ description: 'Since the phase began.' }),
  objects: Type.Optional(Type.Object({ total: Type.Integer() })),
  batch: Type.Optional(Type.Object({ index: Type.Integer(), total: Type.Integer() })),
  lfs: Type.Optional(
    Type.Object(
      { done: Type.Integer(), total: Type.Integer(), bytes: Type.Integer(), totalBytes: Type.Integer() },
      { description: 'Objects that are moved, and their bytes, of those that the target lacks.' },
    ),
  ),
})
export const RemoteEvent = event('remote', 'RemoteEvent', {
  side: EndpointRole,
  text: Type.String({ description: "A line of the remote's own progress or warnings." }),
})
export const NoticeEvent = event('notice', 'NoticeEvent', {
  text: Type.String({ description: 'Something the run does differently from what you might expect.' }),
})
export const HeartbeatEvent = event('heartbeat', 'HeartbeatEvent', {})
export const ResultEvent = event('result', 'ResultEvent', { result: Type.Union([SyncResult, ProbeResult]) })
export const ErrorEvent = event('error', 'ErrorEvent', { error: Problem })

export const Event = Type.Union(
  [
    StartedEvent,
    QueuedEvent,
    DiscoveredEvent,
    PlannedEvent,
    ProgressEvent,
    RemoteEvent,
    NoticeEvent,
    HeartbeatEvent,
    ResultEvent,
    ErrorEvent,
  ],
  {
    title: 'Event',
    description: 'One line of an `application/x-ndjson` response.',
    discriminator: { propertyName: 'type' },
  },
)
export type Event = Type.Static<typeof Event>
export type QueuedEvent = Type.Static<typeof QueuedEvent>
export type ProgressEvent = Type.Static<typeof ProgressEvent>
/** The events that the engine emits; the service adds those of its stream. */
export type RunEvent = Extract<Event, { type: 'discovered' | 'planned' | 'progress' | 'remote' | 'notice' }>
