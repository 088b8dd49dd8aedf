import type { Committed } from './event.ts'

/** What was answered to a request that carried an `Idempotency-Key`: kept to be answered again. */
export interface IdempotentAnswer {
  readonly caller: string
  readonly key: string
  /** The hash of everything that makes the request what it is: another hash, another request. */
  readonly requestHash: string
  readonly status: number
}

/**
 * An answer that is kept beside the events it acknowledges. What it says of them is data, because
 * on D1 it is decided within the statements that store them.
 */
export interface AnswerToKeep extends Omit<IdempotentAnswer, 'status'> {
  /** Where one of the events is new. */
  readonly statusIfNew: number
  /** Where each of them is known, or there is none. */
  readonly statusIfKnown: number
}

/** What is answered to a request whose events were committed. */
export function answerTo(
  { statusIfNew, statusIfKnown, ...request }: AnswerToKeep,
  committed: readonly Committed[],
): IdempotentAnswer {
  const isNew = committed.some(({ kind }) => kind === 'stored')
  return { ...request, status: isNew ? statusIfNew : statusIfKnown }
}
