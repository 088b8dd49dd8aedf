import github from '@octokit/webhooks-examples'
import { randomToken, randomUuid } from '../src/ids.ts'
import { SIGNATURE, TOKEN, withSlots } from './slots.ts'

export const SIGNED_AT = '{{signedAt}}'

/** A kind of webhook: a real event at its real size, signed with the provider's real scheme. */
export interface Shape {
  readonly source: 'stripe' | 'github'
  readonly tokenChars: number
  /** A fresh, scattered token: sequential ones would make a unique index look free. */
  token(): string
  readonly headers: readonly string[]
  /** With slots for what differs from event to event. */
  readonly body: string
  /** What is signed before the body. */
  signedPrefix(signedAtSeconds: number): string
}

function largestOf(event: string): object {
  const examples: readonly object[] = github.find(({ name }) => name === event)?.examples ?? []
  const bytes = (example: object) => JSON.stringify(example).length
  const [largest] = examples.toSorted((a, b) => bytes(b) - bytes(a))
  if (largest === undefined) throw new Error(`@octokit/webhooks-examples has no ${event} event`)
  return largest
}

function paymentSucceeded() {
  return {
    id: `evt_${TOKEN}`,
    object: 'event',
    api_version: '2025-09-30.clover',
    created: 1_763_890_002,
    data: {
      object: {
        id: `pi_${TOKEN}`,
        object: 'payment_intent',
        amount: 4_990,
        amount_capturable: 0,
        amount_details: { tip: {} },
        amount_received: 4_990,
        application: null,
        application_fee_amount: null,
        automatic_payment_methods: { allow_redirects: 'always', enabled: true },
        canceled_at: null,
        cancellation_reason: null,
        capture_method: 'automatic_async',
        client_secret: `pi_${TOKEN}_secret_2Yq9vT1mW4cXb7`,
        confirmation_method: 'automatic',
        created: 1_763_889_998,
        currency: 'eur',
        customer: 'cus_TTb2kFq0Zp6LxM',
        description: 'Subscription creation',
        invoice: 'in_1SWbR1LkdIwHu7ixQZ3yJq8D',
        last_payment_error: null,
        latest_charge: 'ch_3SWbR2LkdIwHu7ix1dA5Xn0P',
        livemode: true,
        metadata: { order_id: '6735', campaign: 'autumn' },
        next_action: null,
        on_behalf_of: null,
        payment_method: 'pm_1SWbQyLkdIwHu7ixw2T4vG5n',
        payment_method_configuration_details: { id: 'pmc_1Pl3nULkdIwHu7ix', parent: null },
        payment_method_options: {
          card: { installments: null, network: null, request_three_d_secure: 'automatic' },
          link: { persistent_token: null },
        },
        payment_method_types: ['card', 'link'],
        processing: null,
        receipt_email: 'jenny.rosen@example.com',
        review: null,
        setup_future_usage: 'off_session',
        shipping: null,
        source: null,
        statement_descriptor: null,
        statement_descriptor_suffix: null,
        status: 'succeeded',
        transfer_data: null,
        transfer_group: null,
      },
    },
    livemode: true,
    pending_webhooks: 1,
    request: { id: 'req_Nd0u6bCxTq1v3e', idempotency_key: '1f5e9c52-6f0a-4c6e-8c55-0b7b6d1c9d3a' },
    type: 'payment_intent.succeeded',
  }
}

/** Stripe's event of a succeeded payment: 2.1 kB, indented by two as Stripe sends it. */
const stripe2k: Shape = {
  source: 'stripe',
  tokenChars: 24,
  token: () => randomToken().slice(0, 24),
  headers: [
    'User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    'Content-Type: application/json; charset=utf-8',
    `Stripe-Signature: t=${SIGNED_AT},v1=${SIGNATURE}`,
  ],
  body: withSlots(JSON.stringify(paymentSucceeded(), null, 2)),
  signedPrefix: (signedAtSeconds) => `${signedAtSeconds}.`,
}

/** An event of GitHub, by the largest of its examples. */
function githubShape(event: string): Shape {
  return {
    source: 'github',
    tokenChars: 36,
    token: randomUuid,
    headers: [
      'User-Agent: GitHub-Hookshot/2f1c4d7',
      'Content-Type: application/json',
      `X-GitHub-Event: ${event}`,
      `X-GitHub-Delivery: ${TOKEN}`,
      'X-GitHub-Hook-ID: 292430182',
      'X-GitHub-Hook-Installation-Target-Type: repository',
      `X-Hub-Signature-256: sha256=${SIGNATURE}`,
    ],
    body: withSlots(JSON.stringify({ ...largestOf(event), ref: `refs/heads/${TOKEN}` })),
    signedPrefix: () => '',
  }
}

/** GitHub's push is 7.7 kB, the median of its events; a pull_request, 27 kB, among the largest. */
export const SHAPES = {
  'stripe-2k': stripe2k,
  'github-8k': githubShape('push'),
  'github-28k': githubShape('pull_request'),
} as const
export type ShapeName = keyof typeof SHAPES
