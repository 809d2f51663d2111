import Type from 'typebox'
import { StringEnum } from './atoms.js'

export const Health = Type.Object({ status: StringEnum(['ok', 'ready']) }, { title: 'Health' })
export type Health = Type.Static<typeof Health>
