/**
 * Milliseconds of processor time that this process takes for some work, which no other process stretches. A bound on
 * it, far above what the work takes, fails where the work grows with the square of its input.
 */
export async function processorTime(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
