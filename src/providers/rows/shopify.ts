import { shopifySamples } from '../samples/shopify.ts'
import type { ProviderRow } from '../row.ts'

export const shopify: ProviderRow = {
  key: 'shopify',
  name: 'Shopify',
  category: 'commerce',
  setUp:
    'Webhooks of an app: its client secret. Webhooks of the admin: ' +
    'Settings → Notifications → Webhooks, below the list.',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        { at: 'header:x-shopify-hmac-sha256', format: 'raw' },
        { at: 'header:shopify-hmac-sha256', format: 'raw' },
      ],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [
    ['header:x-shopify-topic', 'header:x-shopify-event-id'],
    'header:x-shopify-webhook-id',
    'header:shopify-webhook-id',
    ['header:shopify-topic', 'header:shopify-event-id'],
  ],
  type: ['header:x-shopify-topic', 'header:shopify-topic'],
  order: ['header:x-shopify-shop-domain', 'header:shopify-shop-domain', 'json:id'],
  content: ['json'],
  ack: {
    timeoutSeconds: 5,
    retries: '8 times in 4 hours, then the subscription may be deleted',
    verified: true,
  },
  level: 'sdk',
  sources: [
    'Shopify/shopify-app-js packages/apps/shopify-api/lib/utils/hmac-validator.ts',
    'shopify.dev: ignore duplicate webhooks',
    'shopify.dev: verify events deliveries',
  ],
  notes:
    'X-Shopify-* are the headers of webhooks, shopify-* those of the newer events. ' +
    'X-Shopify-Event-Id names what happened in the shop, which can be several topics at once: ' +
    'alone it would make one topic the duplicate of another, so the topic is part of the id. ' +
    'Events are told apart by Shopify-Webhook-Id, as their page says.',
  notSigned:
    'Time, ids, topic and shop domain: whoever has captured a delivery can send it again under ' +
    'another id or topic.',
  samples: shopifySamples,
}
