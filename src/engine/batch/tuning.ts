/** The numbers by which batches are sized, in one place. Shares are of the limit: the most bytes that a push may have. */
export const TUNING = {
  /** Share that a batch aims at, by the average commit: below 1, as commits differ. */
  aim: 0.8,
  /** Share that a batch whose weight was measured may fill: the rest is for the push's commands. */
  full: 0.98,
  /** Share from which on halving stops looking for a better cut. */
  goodEnough: 0.6,
  /** Of the bytes after which a push was refused, the share that is taken for the limit: more goes out than arrives. */
  learned: 0.95,
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
  sampleShare: 0.25,
  /** Bytes of a repository for each byte of its commits: usually, and at most. */
  usualGrowth: 10,
  mostGrowth: 1000,
} as const
