/** What a command leaves to the shell. */
export const exitStatus = { failed: 1, usage: 2, blocked: 3 } as const
