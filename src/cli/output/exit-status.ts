/** The exit statuses of a command. */
export const exitStatus = { failed: 1, usage: 2, blocked: 3 } as const
