/** Requests that the gateway itself makes to a third party. */
import { GatewayError } from './faults/faults.ts'

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

/**
 * The URL of a call that may be made, as far as the text of it says.
 *
 * @throws GatewayError OUTBOUND_REFUSED
 */
export function allowedUrl({ url, hosts }: OutboundCall): URL {
  const parsed = URL.parse(url)
  if (parsed === null) throw new GatewayError('OUTBOUND_REFUSED', 'that is no URL')
  if (parsed.protocol !== 'https:') throw refused(parsed, 'is not called over https')
  if (parsed.username !== '' || parsed.password !== '') throw refused(parsed, 'comes with a user')
  if (hosts.some((pattern) => matchesHost(parsed.host, pattern))) return parsed
  throw refused(parsed, 'is not one that may be called')
}

function matchesHost(host: string, pattern: string): boolean {
  const labels = host.split('.')
  const expected = pattern.split('.')
  return (
    labels.length === expected.length &&
    expected.every((each, index) =>
      each === '*' ? isLabel(labels[index]) : each === labels[index],
    )
  )
}

function isLabel(text = ''): boolean {
  return /^[a-z0-9-]+$/.test(text)
}

function refused({ host }: URL, why: string): GatewayError {
  return new GatewayError('OUTBOUND_REFUSED', `${host.slice(0, 255)} ${why}`)
}
