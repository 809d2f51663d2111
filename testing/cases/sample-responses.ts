import type { ProbeResult, Problem, SyncResult } from '../../src/index.js'

// One of each, with every field there.

const stats: SyncResult['stats'] = {
  enabled: true,
  items: {
    'source git-upload-pack info-refs': {
      name: 'source git-upload-pack info-refs',
      requests: 1,
      requestBytes: 0,
      responseBytes: 512,
      wants: 0,
      haves: 0,
      commands: 0,
    },
  },
  sides: [{ label: 'source', bytes: 512, activeNanos: 1, idleNanos: 2 }],
  elapsedNanos: 3,
}

const measurement: SyncResult['measurement'] = {
  enabled: true,
  elapsedMillis: 12,
  peakAllocBytes: 1,
  peakHeapInuseBytes: 2,
  totalAllocBytes: 3,
  gcCount: 4,
  peakRssBytes: 5,
}

export const syncResult: SyncResult = {
  refs: [
    {
      branch: 'main',
      sourceRef: 'refs/heads/main',
      targetRef: 'refs/heads/main',
      sourceHash: 'a'.repeat(40),
      targetHash: '',
      kind: 'branch',
      action: 'create',
      reason: 'the target has no such ref',
    },
  ],
  counts: { applied: 1, skipped: 0, blocked: 0, deleted: 0, warned: 0 },
  plan: { digest: `sha256:${'0'.repeat(64)}`, create: 1, update: 0, forced: 0, delete: 0, skip: 0, block: 0 },
  execution: {
    dryRun: false,
    protocol: 'v2',
    operationMode: 'sync',
    relay: true,
    transferMode: 'bootstrap',
    reason: 'empty-target',
    bootstrapSuggested: false,
    sourceHead: 'refs/heads/main',
    batch: { enabled: false, planned: 1, done: 1 },
  },
  stats,
  measurement,
}

export const probeResult: ProbeResult = {
  sourceUrl: 'https://source.example.com/r.git',
  targetUrl: 'https://target.example.com/r.git',
  requestedMode: 'auto',
  protocol: 'v2',
  refPrefixes: ['HEAD', 'refs/heads/'],
  sourceCapabilities: ['ls-refs=unborn'],
  targetCapabilities: ['report-status'],
  refs: [{ name: 'refs/heads/main', hash: 'a'.repeat(40) }],
  sourceHead: 'refs/heads/main',
  stats,
  measurement,
}

export const problem: Problem = {
  type: 'about:blank',
  title: 'The plan exceeds a guard',
  status: 409,
  detail: 'The plan would delete 2 refs, but policy.maxDeletes allows 1.',
  code: 'plan_refused',
  retryable: false,
  requestId: '1',
}
