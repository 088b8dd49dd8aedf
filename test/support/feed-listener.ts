import type { FeedListener } from '../../src/consume/ports.ts'

/** Reads every partition from its beginning, and is interested in nothing but records. */
export function fromTheBeginning(received: FeedListener['received']): FeedListener {
  return {
    assigned: (places) => places.map((place) => ({ ...place, start: 'earliest' })),
    positioned: () => undefined,
    revoked: () => undefined,
    lost: () => undefined,
    sawNothing: () => undefined,
    received,
  }
}
