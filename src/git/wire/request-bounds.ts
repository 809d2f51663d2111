// What fits into the 10 MiB of request body that http-backend takes.

/** Haves of one request for objects. */
export const MAX_HAVES = 50_000
/** Commits without their parents: all of them go into each request for objects. */
export const MAX_SHALLOW = 100_000
