import fc from 'fast-check'
import type { Test } from 'tap'

/** Checks a property in many random cases. To tap that is one assertion: it calls tests without any skipped. */
export async function holds<T>(
  t: Test,
  property: fc.IRawProperty<T>,
  parameters?: fc.Parameters<T>,
): Promise<void> {
  await fc.assert(property, parameters)
  t.pass('the property holds')
}
