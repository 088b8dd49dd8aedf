/** What was answered to a request that carried an `Idempotency-Key`: kept to be answered again. */
export interface IdempotentAnswer {
  readonly caller: string
  readonly key: string
  /** The hash of everything that makes the request what it is: another hash, another request. */
  readonly requestHash: string
  readonly status: number
}
