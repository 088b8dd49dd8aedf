import type { Refused } from '../delivery.ts'
import { FAULTS } from '../faults/faults.ts'
import { INFLIGHT_DECLARED_SHARE } from '../limits/limits.ts'
import type { Rate } from './rate.ts'
import { refusalFor, type Refusals } from './refusals.ts'

/** The buckets that a visit draws on. */
export interface Rates {
  readonly byAddress: Rate
  readonly bySource: Rate
  /** Requests that were refused for what the sender did. */
  readonly refusedByAddress: Rate
}

/** What a visit shares with all others. */
export interface VisitPorts {
  readonly rates: Rates
  readonly refusals: Refusals
  /** Counts bytes as held; false where that would be more than a share of all room. */
  readonly hold: (bytes: number, share: number) => boolean
  readonly startReading: (visit: Visit) => void
  readonly stopReading: (visit: Visit) => void
  readonly leave: (heldBytes: number) => void
}

/** How a request that came in ended. */
interface Ended {
  readonly kind: 'accepted' | 'duplicate' | 'split' | 'replayed' | 'handshake'
}

/**
 * One request that came in, until it is answered. Whatever it holds it gives back when
 * it leaves, however it ends.
 */
export class Visit {
  readonly kind = 'visit'
  /** The address that it came from, behind proxies that are trusted. */
  readonly client: string
  readonly #ports: VisitPorts
  #heldBytes = 0
  /** After it nothing more is held: what still arrives of a body that was cut off has no owner. */
  #isOver = false
  #cutOff: ((refused: Refused) => void) | undefined

  constructor(client: string, ports: VisitPorts) {
    this.client = client
    this.#ports = ports
  }

  /** The request is for a configured source: undefined, or why it is turned away. */
  toSource(name: string): Refused | undefined {
    const waitMs = this.#ports.rates.bySource.take(name)
    return waitMs > 0
      ? this.#ports.refusals.turnAway('source-rate', this.client, waitMs)
      : undefined
  }

  /** Counts a declared body before it arrives; false where there is not ample room. */
  holdDeclared(bytes: number): boolean {
    const isHeld = this.#ports.hold(bytes, INFLIGHT_DECLARED_SHARE)
    if (isHeld) this.#heldBytes += bytes
    return isHeld
  }

  /** Counts bytes of the body, until this visit leaves: undefined, or why there is no room. */
  hold(bytes: number): Refused | undefined {
    if (this.#isOver) return refusalFor('slow-body')
    if (!this.#ports.hold(bytes, 1)) return this.#ports.refusals.turnAway('bytes', this.client)
    this.#heldBytes += bytes
    return undefined
  }

  /** Waits for the body, or until it has taken too long. Rejects as `body` does. */
  read<T>(body: Promise<T>): Promise<T | Refused> {
    this.#ports.startReading(this)
    return new Promise<T | Refused>((resolve, reject) => {
      this.#cutOff = resolve
      body.then(
        (read) => {
          this.#ports.stopReading(this)
          resolve(read)
        },
        (error: unknown) => {
          this.#ports.stopReading(this)
          reject(error)
        },
      )
    })
  }

  /** The body takes too long: whoever reads it is told. */
  cutOff(): void {
    this.#isOver = true
    this.#ports.stopReading(this)
    this.#cutOff?.(this.#ports.refusals.turnAway('slow-body', this.client))
  }

  /**
   * Judges how it ended, and returns what to answer. A delivery that verified costs its address
   * nothing, so that a provider's burst is never too fast. What was refused for the sender's own
   * doing, before it proved anything, is answered 429 once there is too much of it: only here and
   * not at the door, because genuine deliveries may come from the same address. `isProven`: by a
   * signature or a token.
   */
  settle<T extends Ended>(outcome: T | Refused, isProven: boolean): T | Refused {
    const { byAddress, refusedByAddress } = this.#ports.rates
    if (outcome.kind !== 'refused') {
      if (isProven && outcome.kind !== 'handshake') byAddress.giveBack(this.client)
      return outcome
    }
    const { status, stage } = FAULTS[outcome.code]
    // What the door itself has refused is counted there.
    const isCounted = outcome.isSummedUp === true
    const isTheirs = isCounted || (!isProven && (stage === 'receive' || stage === 'verify'))
    if (status >= 500 || !isTheirs) {
      byAddress.giveBack(this.client)
      return outcome
    }
    if (isCounted) return outcome
    const waitMs = refusedByAddress.take(this.client)
    if (waitMs === 0) return outcome
    return this.#ports.refusals.turnAway('refused-rate', this.client, waitMs)
  }

  /** The request is answered, or its sender went away. */
  leave(): void {
    this.#isOver = true
    this.#ports.leave(this.#heldBytes)
    this.#heldBytes = 0
  }
}
