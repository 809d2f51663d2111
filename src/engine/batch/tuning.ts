const KIB = 1024

/** The numbers by which batches are sized, in one place. Shares are of the bytes that a push may have. */
export const TUNING = {
  /** Share that a batch aims at by the average commit, which commits differ from. */
  aim: 0.8,
  /** The same where the limit is a guess, which has a margin of its own. */
  vagueAim: 0.95,
  /** Share that a batch may fill whose commits were weighed: the rest is for the push's commands. */
  full: 0.98,
  /** Share from which on halving stops looking for a better cut. */
  goodEnough: 0.6,
  /** Share that the objects in a pack's header may weigh by estimate. */
  mostByHeader: 0.95,
  /** Packs in a row that are not pushed because of their headers: then the estimate is wrong. */
  mostRecounts: 3,
  /** After a pack that passed the limit unexpectedly, what an object or a commit is taken to weigh, times what went out. */
  correction: 1.2,
  /** A batch of fewer commits than this is filled one by one, so that no room is wasted. */
  few: 10,
  /** Most commits that are weighed one by one for a batch. */
  mostSingles: 100,
  /** Halving a million depths, and the heads at one, takes some forty: a source that wants more is misleading us. */
  mostHalvings: 200,
  /** Connections lost in a row after which it is not the size that breaks them. */
  mostCuts: 3,
  /** Part of the history that is weighed for a first estimate, and the share that it may weigh. */
  samples: 64,
  sampleShare: 0.125,
  /** Bytes of a pack that are read to estimate its weight: a little, more if that shows too little, and at most. */
  glance: 16 * KIB,
  look: 128 * KIB,
  lookShare: 1 / 16,
  mostLook: 4096 * KIB,
  /** Commits of about the same weight, and how far they are from their average, from which on that is relied upon. */
  regular: 4,
  spread: 0.2,
} as const
