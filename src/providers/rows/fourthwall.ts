import type { ProviderRow } from '../row.ts'

export const fourthwall: ProviderRow = {
  key: 'fourthwall',
  name: 'Fourthwall',
  category: 'commerce',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-fourthwall-hmac-sha256', format: 'raw' }],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:id'],
  type: ['json:type'],
  order: ['json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['Yizack/nuxt-webhook-validators fourthwall.ts'],
  setUp: 'Settings → For developers → Webhooks: Secret key.',
  notes: 'Base64 of the whole body.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    ORDER_PLACED: ({ eventId, now }) => ({
      testMode: true,
      id: eventId,
      webhookId: 'wcon_sample',
      shopId: 'sh_sample',
      type: 'ORDER_PLACED',
      apiVersion: 'V1',
      createdAt: new Date(now).toISOString(),
      data: { id: 'or_sample', friendlyId: 'A20711', status: 'CONFIRMED' },
    }),
  },
}
