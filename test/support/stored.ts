/**
 * Events, marks and exceptions as tests store them. They are used where there is no `bun:test`,
 * too: in workerd and on Deno.
 */
import type { VerifiedBody } from '../../src/delivery.ts'
import type { NewEvent } from '../../src/event.ts'
import type { EntryException, RelayMark } from '../../src/outbox.ts'

/** Where the time of samples begins: 2026-01-01T00:00:00Z. */
export const START_MS = Date.UTC(2026, 0, 1)

const encoder = new TextEncoder()

/** The brand is the verifier's to give, and a test's to borrow. */
export function bytes(data: string | Uint8Array): VerifiedBody {
  return (typeof data === 'string' ? encoder.encode(data) : data) as VerifiedBody
}

/**
 * Bytes in which nothing repeats, for tests of what lies on the disk: packed they are as many. The
 * same ones for each seed.
 */
export function noise(length: number, seed = 1): VerifiedBody {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = seed | 1
  for (let at = 0; at < words.length; at += 1) {
    // Marsaglia's xorshift32.
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[at] = state
  }
  return bytes(new Uint8Array(words.buffer, 0, length))
}

export function sampleEvent(eventId: string, overrides: Partial<NewEvent> = {}): NewEvent {
  return {
    source: 'github',
    eventId,
    eventIdValidMs: undefined,
    type: 'push',
    key: 'repository-1',
    contentType: 'application/json',
    headers: '{"x-github-event":"push"}',
    receivedAt: START_MS,
    state: 'accepted',
    reason: null,
    body: bytes(`{"id":"${eventId}"}`),
    records: [sampleRecord()],
    ...overrides,
  }
}

export function sampleRecord(overrides: Partial<NewEvent['records'][number]> = {}) {
  return {
    topic: 'webhooks.github',
    key: 'repository-1',
    headers: null,
    value: null,
    ...overrides,
  }
}

export function sampleMark(
  from: number,
  to: number,
  overrides: Partial<RelayMark> = {},
): RelayMark {
  return { from, to, exceptions: [], settled: [], published: [], at: START_MS, ...overrides }
}

export function sampleException(
  seq: number,
  overrides: Partial<EntryException> = {},
): EntryException {
  return {
    seq,
    status: 'blocked',
    topic: 'webhooks.github',
    key: 'repository-1',
    attempts: 1,
    nextAt: null,
    code: 'RECORD_REJECTED',
    reason: 'too large',
    ...overrides,
  }
}

/** The code of the fault that a promise rejects with; undefined where it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}
