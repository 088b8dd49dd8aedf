import type { Refused } from './delivery.ts'

/** A request that is refused, while it is still at hand: what may be kept as evidence of it. */
export interface Rejection {
  /** Absent where no source or caller of its name is configured. */
  readonly source?: string | undefined
  /** Its sender's, behind proxies that are trusted. */
  readonly address: string
  readonly request: Pick<Request, 'method' | 'headers'>
  /** Absent where it was refused before it was read. */
  readonly body?: Uint8Array | undefined
  readonly refused: Refused
}
