import { StringEnum } from './atoms.js'
import Type from './type.js'

export const Health = Type.Object({ status: StringEnum(['ok', 'ready']) }, { title: 'Health' })
export type Health = Type.Static<typeof Health>
