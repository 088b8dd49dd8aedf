/** Real deliveries, as the providers' own libraries sign them. */
import github from '@octokit/webhooks-examples'
import { sign } from '@octokit/webhooks-methods'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { Webhook as SvixWebhook } from 'svix'
import { randomToken, randomUuid } from '../../src/ids.ts'

/** Made up, each in the form that its provider gives out. */
export const SECRETS = {
  github: 'made-up-github-secret',
  stripe: 'whsec_madeUpStripeSecret0123456789abcdef',
  standard: 'whsec_bWFkZS11cC1zdGFuZGFyZC13ZWJob29rcw==',
  svix: 'whsec_bWFkZS11cC1zdml4LXNlY3JldC0wMTIzNDU=',
} as const

/** A request to send, and what must come out of Kafka. */
export interface SignedDelivery {
  readonly source: keyof typeof SECRETS
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly eventId: string
  readonly type: string
  /** The key of its record: the provider's partition key, else the event id. */
  readonly key: string
}

interface GithubExample {
  readonly action?: string
  readonly repository?: { readonly id: number }
  readonly organization?: { readonly id: number }
  readonly installation?: { readonly id: number }
}

/** Every example payload that GitHub publishes, signed by its own library. */
export async function githubExamples(): Promise<SignedDelivery[]> {
  const examples = github.flatMap(({ name, examples: payloads }) =>
    payloads.map((payload) => ({ name, payload: payload as GithubExample })),
  )
  return Promise.all(
    examples.map(async ({ name, payload }) => {
      const body = JSON.stringify(payload)
      const eventId = randomUuid()
      const owner = payload.repository ?? payload.organization ?? payload.installation
      return {
        source: 'github',
        body,
        eventId,
        type: payload.action === undefined ? name : `${name}.${payload.action}`,
        key: String(owner?.id ?? eventId),
        headers: {
          'content-type': 'application/json',
          'user-agent': 'GitHub-Hookshot/0123456',
          'x-github-event': name,
          'x-github-delivery': eventId,
          'x-hub-signature-256': await sign(SECRETS.github, body),
        },
      }
    }),
  )
}

/** Stripe sends indented JSON; the bytes must survive that. */
export async function stripeEvent(
  type: string,
  object: Readonly<Record<string, string | number>>,
): Promise<SignedDelivery> {
  const eventId = `evt_${randomToken()}`
  const event = {
    id: eventId,
    object: 'event',
    type,
    livemode: true,
    created: 1_790_000_000,
    data: { object },
  }
  const body = JSON.stringify(event, null, 2)
  const stripe = new Stripe('sk_test_madeup')
  const signature = await stripe.webhooks.generateTestHeaderStringAsync({
    payload: body,
    secret: SECRETS.stripe,
  })
  return {
    source: 'stripe',
    body,
    eventId,
    type,
    key: String(object['customer'] ?? object['id']),
    headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature },
  }
}

/** Signed at `at` by the reference library of Standard Webhooks. */
export function standardEvent(
  type: string,
  data: Readonly<Record<string, string>>,
  at: Date,
): SignedDelivery {
  const eventId = `msg_${randomToken()}`
  const body = JSON.stringify({ type, timestamp: at.toISOString(), data })
  const signature = new StandardWebhook(SECRETS.standard).sign(eventId, at, body)
  return {
    source: 'standard',
    body,
    eventId,
    type,
    key: data['id'] ?? eventId,
    headers: {
      'content-type': 'application/json',
      'webhook-id': eventId,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': signature,
    },
  }
}

/** Signed at `at` by Svix's library, under Svix's header names. */
export function svixEvent(type: string, at: Date): SignedDelivery {
  const eventId = `msg_${randomToken()}`
  const body = JSON.stringify({ type, data: { note: 'ünïcödé   ' } })
  return {
    source: 'svix',
    body,
    eventId,
    type,
    key: eventId,
    headers: {
      'content-type': 'application/json',
      'svix-id': eventId,
      'svix-timestamp': String(Math.floor(at.getTime() / 1000)),
      'svix-signature': new SvixWebhook(SECRETS.svix).sign(eventId, at, body),
    },
  }
}
