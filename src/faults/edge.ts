import type { Fault } from './faults.ts'

/** The part of FAULTS that is the edge's. */
export const EDGE_FAULTS = {
  FORWARD_FAILED: {
    stage: 'relay',
    status: 500,
    retryable: true,
    title: 'The core node does not take what the edge forwards.',
    hint: 'Nothing is lost: it waits at the edge. Compare INLET_FORWARD_URL and INLET_FORWARD_SECRET of both; the log of the core says why it refuses.',
  },
  FORWARD_TOO_LARGE: {
    stage: 'receive',
    status: 413,
    retryable: false,
    title: 'The edge forwards more in one request than a core node reads.',
    hint: 'No setting changes it: both keep the same limits. Run one version at the edge and the core.',
  },
} as const satisfies Record<string, Fault>
