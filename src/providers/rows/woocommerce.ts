import type { ProviderRow } from '../row.ts'

export const woocommerce: ProviderRow = {
  key: 'woocommerce',
  name: 'WooCommerce',
  category: 'commerce',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-wc-webhook-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:x-wc-webhook-delivery-id'],
  type: ['header:x-wc-webhook-topic'],
  order: ['json:id'],
  content: ['json', 'form'],
  handshakes: [
    { name: 'ping', when: { only: ['webhook_id'] }, unsigned: true, respond: { status: 200 } },
  ],
  ack: { timeoutSeconds: null, retries: 'disabled after 5 consecutive failures', verified: false },
  level: 'repo',
  sources: ['hookdeck/webhook-skills woocommerce', 'Hookflo/tern'],
  setUp: 'WooCommerce → Settings → Advanced → Webhooks: the Secret that you type there.',
  notes: 'When a webhook is saved, a form with its id arrives unsigned, and is answered.',
  notSigned:
    'Time, delivery id and event type: whoever has captured a delivery can send it again ' +
    'under another id or type.',
  samples: {
    'order.created': ({ now }) => ({
      id: 20_711,
      parent_id: 0,
      status: 'processing',
      currency: 'EUR',
      total: '64.00',
      date_created: new Date(now).toISOString(),
      customer_id: 1_188,
      line_items: [{ id: 1, name: 'Ticket', quantity: 2 }],
    }),
  },
}
