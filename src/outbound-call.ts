/** Requests that the gateway itself makes to a third party. */

/** What is asked, and of whom at most. */
export interface OutboundCall {
  /** May come from a request: nothing of it is trusted. */
  readonly url: string
  /**
   * Who may be called: host names as they stand in a URL, with the port where it is not 443. `*`
   * stands for one label: `sns.*.amazonaws.com`.
   */
  readonly hosts: readonly string[]
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface OutboundAnswer {
  readonly status: number
  readonly body: Uint8Array
}

/**
 * Makes a call, or throws GatewayError: OUTBOUND_REFUSED where it may not be made, OUTBOUND_FAILED
 * where there is no answer. A status of any kind is an answer.
 */
export type CallOut = (call: OutboundCall) => Promise<OutboundAnswer>
