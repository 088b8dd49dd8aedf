import type { SampleBody, SampleFacts } from '../row.ts'

const CUSTOMER = 'cus_SampleQ8dLmVt2'
const PAYMENT_INTENT = 'pi_3SampleK4xLmVt2Jw1h9Tqz'

function event(type: string, { eventId, now }: SampleFacts, object: object): object {
  return {
    id: eventId,
    object: 'event',
    api_version: '2026-02-25.clover',
    created: seconds(now),
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request: { id: 'req_SampleV7nB1c', idempotency_key: '0f6d1c1e-7f0b-4a57-9c55-2b7d8a0c5e11' },
    type,
  }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}

const paymentIntentSucceeded: SampleBody = (facts) =>
  event('payment_intent.succeeded', facts, {
    id: PAYMENT_INTENT,
    object: 'payment_intent',
    amount: 6_400,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 6_400,
    application: null,
    automatic_payment_methods: { allow_redirects: 'always', enabled: true },
    canceled_at: null,
    capture_method: 'automatic_async',
    confirmation_method: 'automatic',
    created: seconds(facts.now),
    currency: 'eur',
    customer: CUSTOMER,
    description: 'Two tickets, Harbour Choir',
    invoice: null,
    last_payment_error: null,
    latest_charge: 'ch_3SampleK4xLmVt2Jw1Yp0aR',
    livemode: false,
    metadata: { order: 'A-20711' },
    next_action: null,
    payment_method: 'pm_1SampleK4xLmVt2Jw8sUe6d',
    payment_method_types: ['card', 'ideal'],
    receipt_email: 'joost@example.com',
    shipping: null,
    status: 'succeeded',
  })

const chargeRefunded: SampleBody = (facts) =>
  event('charge.refunded', facts, {
    id: 'ch_3SampleK4xLmVt2Jw1Yp0aR',
    object: 'charge',
    amount: 6_400,
    amount_captured: 6_400,
    amount_refunded: 3_200,
    balance_transaction: 'txn_3SampleK4xLmVt2Jw1c7Hbn',
    billing_details: { email: 'joost@example.com', name: 'Joost de Wit', phone: null },
    captured: true,
    created: seconds(facts.now) - 86_400,
    currency: 'eur',
    customer: CUSTOMER,
    disputed: false,
    livemode: false,
    metadata: { order: 'A-20711' },
    paid: true,
    payment_intent: PAYMENT_INTENT,
    payment_method_details: { card: { brand: 'visa', last4: '4242', country: 'NL' }, type: 'card' },
    refunded: false,
    status: 'succeeded',
  })

const customerCreated: SampleBody = (facts) =>
  event('customer.created', facts, {
    id: CUSTOMER,
    object: 'customer',
    address: null,
    balance: 0,
    created: seconds(facts.now),
    currency: null,
    delinquent: false,
    description: null,
    email: 'joost@example.com',
    invoice_prefix: 'H4C0R1',
    livemode: false,
    metadata: {},
    name: 'Joost de Wit',
    phone: null,
    preferred_locales: ['nl'],
    tax_exempt: 'none',
  })

export const stripeSamples: Record<string, SampleBody> = {
  'payment_intent.succeeded': paymentIntentSucceeded,
  'charge.refunded': chargeRefunded,
  'customer.created': customerCreated,
}
