import type { Delivery, Verified, VerifiedBody } from '../../src/delivery.ts'

const encoder = new TextEncoder()

/** A delivery as it arrives, for tests of what comes after HTTP. */
export function sampleDelivery(body: string, headers: Record<string, string> = {}): Delivery {
  return {
    source: 'github',
    method: 'POST',
    url: 'http://localhost/hooks/github',
    headers: new Headers(headers),
    body: encoder.encode(body),
    receivedAt: Date.UTC(2026, 0, 1),
  }
}

/**
 * What a verifier would make of a JSON delivery; the brand is the verifier's to give, and
 * a test's to borrow.
 */
export function sampleVerified(data: unknown, overrides: Partial<Verified> = {}): Verified {
  return {
    kind: 'verified',
    body: encoder.encode(JSON.stringify(data)) as VerifiedBody,
    parsed: { kind: 'json', value: data },
    eventId: 'event-1',
    eventIdValidMs: undefined,
    type: 'push',
    key: 'repository-1',
    contentType: 'application/json',
    ...overrides,
  }
}
