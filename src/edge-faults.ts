import type { Fault } from './errors.ts'

/** The part of FAULTS that is the edge's. */
export const EDGE_FAULTS = {
  FORWARD_FAILED: {
    stage: 'relay',
    status: 500,
    retryable: true,
    title: 'The core node does not take what the edge forwards.',
    hint: 'Nothing is lost: it waits at the edge. Compare INLET_FORWARD_URL and INLET_FORWARD_SECRET of both; the log of the core says why it refuses.',
  },
} as const satisfies Record<string, Fault>
