import Type from 'typebox'
import { Count, List } from './atoms.js'
import { Endpoint, EndpointAuth, ProtocolMode, RefScope } from './request.js'
import { Measurement, Protocol, RefInfo, Stats } from './result.js'

const closed = { additionalProperties: false }

export const FetchRequest = Type.Object(
  {
    source: Endpoint,
    scope: Type.Optional(RefScope),
    includeTags: Type.Optional(Type.Boolean({ description: 'All tags too.' })),
    haveRefs: Type.Optional(
      List(
        Type.String({ minLength: 1 }),
        'Refs of the source that count as present; a short name is a branch.',
      ),
    ),
    haves: Type.Optional(
      List(
        Type.String({ pattern: '^(?:[0-9a-f]{40}|[0-9a-f]{64})$' }),
        'Ids of objects that count as present.',
      ),
    ),
    protocol: Type.Optional(ProtocolMode),
    collectStats: Type.Optional(Type.Boolean({ description: 'Fill `stats`.' })),
    auth: Type.Optional(Type.Object({ source: Type.Optional(EndpointAuth) }, closed)),
    options: Type.Optional(
      Type.Object(
        {
          maxPackBytes: Type.Optional(Count('Most pack bytes to read; 0: no limit.')),
          measureMemory: Type.Optional(Type.Boolean({ description: 'Measure memory while the run lasts.' })),
        },
        closed,
      ),
    ),
  },
  { ...closed, title: 'FetchRequest' },
)
export type FetchRequest = Type.Static<typeof FetchRequest>

export const FetchResult = Type.Object(
  {
    sourceUrl: Type.String(),
    requestedMode: Type.String({ description: 'The requested protocol.' }),
    protocol: Protocol,
    wants: Type.Array(RefInfo, { description: 'The refs of the scope, sorted by name, by bytes.' }),
    haves: Type.Array(Type.String({ description: 'Object id.' })),
    objects: Type.Integer({ description: 'Objects of the pack.' }),
    bytes: Type.Integer({ description: 'Bytes of the pack.' }),
    stats: Stats,
    measurement: Measurement,
  },
  { title: 'FetchResult' },
)
export type FetchResult = Type.Static<typeof FetchResult>
