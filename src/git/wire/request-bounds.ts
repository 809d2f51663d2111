// Bounded by the 10 MiB of request body that http-backend accepts.

/** Haves of one request for objects. */
export const MAX_HAVES = 50_000
/** Commits without their parents; each request for objects names all of them. */
export const MAX_SHALLOW = 100_000
