/** Requests to a gateway, and what is read of their answers. */
import { expect } from 'bun:test'
import { randomUuid } from '../../src/ids.ts'
import type { Sample } from '../../src/providers/sign.ts'
import { TOKENS, type SourceName } from './http-setup.ts'

/** A gateway, as senders know it. */
interface Target {
  readonly url: string
}

/** The address that a sender comes from, as the proxy before the gateway says. */
export type Address = `203.0.113.${number}`

/** An answer whose body has been read. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly issues?: readonly { readonly element?: number; readonly at: string }[]
}

export interface Further {
  readonly headers?: Readonly<Record<string, string>>
  readonly from?: Address
}

/** Sends a delivery to its source. */
export function deliver(
  { url }: Target,
  source: SourceName,
  { headers, body, query = '' }: Pick<Sample, 'headers' | 'body' | 'query'>,
  { headers: further, from }: Further = {},
): Promise<Answer> {
  return ask(`${url}/hooks/${source}${query}`, {
    method: 'POST',
    headers: { ...headers, ...further, ...comingFrom(from) },
    body: Buffer.from(body),
  })
}

/** A CloudEvent: what is given, beside what every one has. */
export type EventDraft = Readonly<Record<string, unknown>> & { readonly id: string }

export function cloudEvent(draft: Readonly<Record<string, unknown>> = {}): EventDraft {
  return { specversion: '1.0', id: randomUuid(), source: '/shop', type: 'order.placed', ...draft }
}

/** Posts one event, or a batch, in the structured mode. */
export function postEvents(
  target: Target,
  events: EventDraft | readonly EventDraft[],
  { as = 'shop', headers, from }: Further & { readonly as?: keyof typeof TOKENS } = {},
): Promise<Answer> {
  const kind = Array.isArray(events) ? 'cloudevents-batch' : 'cloudevents'
  return postRaw(target, JSON.stringify(events), {
    as,
    headers: { 'content-type': `application/${kind}+json`, ...headers },
    ...(from === undefined ? {} : { from }),
  })
}

/** Posts any body to `/events`. */
export function postRaw(
  { url }: Target,
  body: string,
  { as = 'shop', headers, from }: Further & { readonly as?: keyof typeof TOKENS } = {},
): Promise<Answer> {
  return ask(`${url}/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKENS[as]}`, ...headers, ...comingFrom(from) },
    body,
  })
}

export async function ask(url: string, init: RequestInit): Promise<Answer> {
  // A connection each: what becomes of one whose body was not read is the server's business.
  const response = await fetch(url, { redirect: 'manual', keepalive: false, ...init })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

export function comingFrom(address: Address | undefined): Readonly<Record<string, string>> {
  return address === undefined ? {} : { 'x-forwarded-for': address }
}

/** Status and mark of an answer: what tells an event from its redelivery. */
export function verdict({ status, headers }: Answer): readonly [number, string | null] {
  return [status, headers.get('inlet-duplicate')]
}

/** The problem document of an answer, whose standard members are all there. */
export function problemOf({ status, headers, text }: Answer): Problem {
  expect(headers.get('content-type')).toBe('application/problem+json')
  const problem = JSON.parse(text) as Problem
  // A copy: what it is compared with takes the place of what is there.
  expect({ ...problem }).toMatchObject({
    status,
    type: `urn:inlet:fault:${problem.code.toLowerCase()}`,
    title: expect.stringMatching(/./),
    detail: expect.any(String),
  })
  return problem
}
