import { tmpdir } from 'node:os'
import { StringEnum } from '../../schemas/atoms.js'
import Type from '../../schemas/type.js'

const EGRESS_MODES = ['public', 'private', 'any'] as const
export type EgressMode = (typeof EGRESS_MODES)[number]

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** Each variable of the service: its type and its default. */
export const Settings = Type.Object({
  GITSYNC_HOST: Type.String({ default: '127.0.0.1', minLength: 1 }),
  GITSYNC_PORT: Type.Integer({ default: 8080, minimum: 0, maximum: 65_535 }),
  GITSYNC_LOG_LEVEL: StringEnum(LEVELS, { default: 'info' }),
  GITSYNC_API_TOKENS: Type.Optional(Type.String()),
  GITSYNC_API_TOKENS_FILE: Type.Optional(Type.String()),
  GITSYNC_ALLOW_ANONYMOUS: Type.Boolean({ default: false }),
  GITSYNC_RATE_LIMIT: Type.Optional(Type.Integer({ minimum: 1 })),
  GITSYNC_EGRESS_POLICY: StringEnum(EGRESS_MODES, { default: 'public' }),
  GITSYNC_ALLOWED_HOSTS: Type.Optional(Type.String()),
  GITSYNC_CREDENTIALS_FILE: Type.Optional(Type.String()),
  GITSYNC_ALLOW_INSECURE_TLS: Type.Boolean({ default: false }),
  GITSYNC_BODY_LIMIT: Type.String({ default: '1MiB' }),
  GITSYNC_MAX_CONCURRENT: Type.Integer({ default: 16, minimum: 1 }),
  GITSYNC_MAX_QUEUED: Type.Integer({ default: 64, minimum: 0 }),
  GITSYNC_MEMORY_BUDGET: Type.Optional(Type.String()),
  GITSYNC_RUN_TIMEOUT: Type.String({ default: '6h' }),
  GITSYNC_STALL_TIMEOUT: Type.String({ default: '10m' }),
  GITSYNC_SHUTDOWN_GRACE: Type.String({ default: '60s' }),
  GITSYNC_SPOOL_DIR: Type.String({ default: tmpdir() }),
  GITSYNC_TEMP_REF_PREFIX: Type.String({ default: 'refs/gitsync' }),
  GITSYNC_LFS: StringEnum(['off', 'new', 'all'], { default: 'off' }),
  GITSYNC_LFS_HOSTS: Type.Optional(Type.String()),
  GITSYNC_TRACE_PACKET: Type.Optional(Type.String()),
})
export type Settings = Type.Static<typeof Settings>
/** The name of each of them. */
export const SETTINGS = Object.keys(Settings.properties)
