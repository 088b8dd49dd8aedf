/**
 * Keeps what was refused as evidence, in memory: who sets up a webhook, or has rotated a secret,
 * sees within seconds what arrives and why it is not taken.
 */
import type { Clock, EpochMs } from '../clock.ts'
import type { FailedStep } from '../delivery.ts'
import type { FaultCode } from '../faults/faults.ts'
import {
  REJECTED_BODY_BYTES_MAX,
  REJECTED_BYTES_MAX,
  REJECTED_PER_SECOND,
  REJECTED_PER_SOURCE_MAX,
} from '../limits/observing.ts'
import type { Rejection } from '../rejection.ts'
import { maskHeaders } from './mask.ts'

export interface RejectionsOptions {
  readonly clock: Clock
  /** Bodies carry what senders sent: kept only where the operator asks for it. */
  readonly keepsBodies: boolean
}

/** One request that was refused, as it is shown. */
export interface Rejected {
  /** Rises with each one that is kept. */
  readonly id: number
  readonly at: EpochMs
  /** Null where no source or caller of its name is configured. */
  readonly source: string | null
  readonly address: string
  /** Which step of proving it failed; null where it was refused for something else. */
  readonly step: FailedStep | null
  readonly code: FaultCode
  readonly detail: string
  readonly method: string
  /** Without secrets. */
  readonly headers: Readonly<Record<string, string>>
  /** Null where it was refused before its body was read. */
  readonly bodyBytes: number | null
  /** Null where bodies are not kept, or it is larger than REJECTED_BODY_BYTES_MAX. */
  readonly body: Uint8Array | null
}

export interface RejectedPage {
  /** Newest first. */
  readonly rejected: readonly Rejected[]
  /** Those that were not kept, or are gone again, since the process began. */
  readonly dropped: number
}

export interface Rejections {
  /** Keeps a refusal, where there is room for its kind now. Costs microseconds at most. */
  keep(rejection: Rejection): void
  /** The last ones of a source (null: of unknown ones), or of all. */
  list(query: { readonly source?: string | null; readonly limit: number }): RejectedPage
  /** What they hold in memory, counted generously. */
  readonly bytes: number
}

/** The last refusals of one source; all unknown sources share one. */
interface Ring {
  readonly rejected: Rejected[]
  bytes: number
  /** What may still be kept in this second. */
  second: number
  leftInSecond: number
}

export function openRejections({ clock, keepsBodies }: RejectionsOptions): Rejections {
  const rings = new Map<string | null, Ring>()
  let nextId = 1
  let bytes = 0
  let dropped = 0

  function ringOf(source: string | null): Ring {
    const known = rings.get(source)
    if (known !== undefined) return known
    const ring = { rejected: [], bytes: 0, second: -1, leftInSecond: 0 }
    rings.set(source, ring)
    return ring
  }

  /** A flood would push out what came before it, and cost a copy of its headers each time. */
  function mayKeep(ring: Ring): boolean {
    const second = Math.floor(clock.monotonicMs() / 1000)
    if (ring.second !== second) {
      ring.second = second
      ring.leftInSecond = REJECTED_PER_SECOND
    }
    ring.leftInSecond -= 1
    return ring.leftInSecond >= 0
  }

  function dropOldest(ring: Ring): void {
    const oldest = ring.rejected.shift()
    if (oldest === undefined) return
    const freed = bytesOf(oldest)
    ring.bytes -= freed
    bytes -= freed
    dropped += 1
  }

  /** Whoever holds most gives way: a flood of one source leaves the evidence of the others. */
  function largest(): Ring | undefined {
    let found: Ring | undefined
    for (const ring of rings.values()) if (ring.bytes > (found?.bytes ?? 0)) found = ring
    return found
  }

  return {
    get bytes() {
      return bytes
    },
    keep(rejection) {
      // The door's own refusals are counted by the reason, and tell nothing of their source.
      if (rejection.refused.isSummedUp === true) return
      const ring = ringOf(rejection.source ?? null)
      if (!mayKeep(ring)) {
        dropped += 1
        return
      }
      const kept = toRejected(rejection, { id: nextId, at: clock.now(), keepsBodies })
      nextId += 1
      const added = bytesOf(kept)
      ring.rejected.push(kept)
      ring.bytes += added
      bytes += added
      if (ring.rejected.length > REJECTED_PER_SOURCE_MAX) dropOldest(ring)
      for (let full = largest(); bytes > REJECTED_BYTES_MAX && full; full = largest()) {
        dropOldest(full)
      }
    },
    list({ source, limit }) {
      const asked = source === undefined ? [...rings.values()] : [rings.get(source)]
      const all = asked.flatMap((ring) => ring?.rejected ?? [])
      return { rejected: all.toSorted((a, b) => b.id - a.id).slice(0, limit), dropped }
    },
  }
}

interface Keeping {
  readonly id: number
  readonly at: EpochMs
  readonly keepsBodies: boolean
}

function toRejected(rejection: Rejection, { id, at, keepsBodies }: Keeping): Rejected {
  const { source = null, address, request, body, refused } = rejection
  const { code, detail, cause, step = null } = refused
  const isKept = keepsBodies && body !== undefined && body.length <= REJECTED_BODY_BYTES_MAX
  return {
    id,
    at,
    source,
    address,
    step,
    code,
    detail: cause ?? detail,
    method: request.method,
    headers: maskHeaders(request.headers),
    bodyBytes: body?.length ?? null,
    // A copy: the bytes of a request may be a small part of a larger buffer.
    body: isKept ? body.slice() : null,
  }
}

/** Fields, the object of the headers and the place in a ring. */
const OVERHEAD_BYTES = 512
/** What a header costs beside its characters. */
const HEADER_OVERHEAD_BYTES = 64
/** A string that is not Latin-1. */
const BYTES_PER_CHAR = 2

function bytesOf({ headers, detail, address, body }: Rejected): number {
  let chars = detail.length + address.length
  let count = 0
  for (const [name, value] of Object.entries(headers)) {
    chars += name.length + value.length
    count += 1
  }
  const text = chars * BYTES_PER_CHAR + count * HEADER_OVERHEAD_BYTES
  return OVERHEAD_BYTES + text + (body?.length ?? 0)
}
