/** The package's version; a test holds it against package.json. */
export const VERSION = '0.1.0'

/** Our name in the `agent` capability, on both sides. */
export const AGENT = `git-sync/${VERSION}`
