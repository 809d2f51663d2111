import type { Scenario } from '../scenario.js'
import { rawRelay } from './1-raw-relay.js'

export const scenarios: readonly Scenario[] = [rawRelay]
