import type { ProviderRow } from '../row.ts'

export const paypal: ProviderRow = {
  key: 'paypal',
  name: 'PayPal',
  category: 'payments',
  schemes: [
    {
      kind: 'rsa',
      hash: 'sha256',
      signatures: [{ at: 'header:paypal-transmission-sig', format: 'raw' }],
      encoding: 'base64',
      signed: '{id}|{header:paypal-transmission-time}|{config:webhook_id}|{crc32:body}',
      idHeader: 'paypal-transmission-id',
      requireHeaders: { 'paypal-auth-algo': 'SHA256withRSA' },
      key: {
        from: 'certificate',
        at: 'header:paypal-cert-url',
        hosts: ['paypal.com', '*.paypal.com', '*.sandbox.paypal.com'],
        subject: /^messageverificationcerts\.(?:sandbox\.)?paypal\.com$/,
      },
    },
  ],
  id: [],
  type: ['json:event_type'],
  order: ['json:resource.id'],
  content: ['json'],
  config: {
    webhook_id: {
      default: '',
      description: 'The id of the webhook, which PayPal signs.',
      required: true,
    },
  },
  ack: { timeoutSeconds: null, retries: 'up to 25 over 3 days', verified: false },
  level: 'repo',
  sources: [
    'hookdeck/webhook-skills paypal verification.md',
    'paypal/PayPal-node-SDK lib/resources/Notification.js (postback path) + sample',
  ],
  setUp:
    'Developer Dashboard → the app → Webhooks: Webhook ID. It goes into ' +
    'INLET_CONFIG_<SOURCE>_WEBHOOK_ID; the certificate comes from PayPal.',
  notes:
    'An RSA signature over id, time, webhook id and the CRC-32 of the body. A CRC is no ' +
    'hash: it is easy to make a second body with the same one, so what protects the body ' +
    'is TLS. The certificate is fetched from paypal.com only.',
  notSigned:
    'The body: only its CRC-32 is signed, and who has captured a delivery can make another ' +
    'body with the same one. No limit to its age is set by PayPal.',
  samples: {
    'PAYMENT.CAPTURE.COMPLETED': ({ eventId, now }) => ({
      id: eventId,
      event_version: '1.0',
      create_time: new Date(now).toISOString(),
      resource_type: 'capture',
      event_type: 'PAYMENT.CAPTURE.COMPLETED',
      summary: 'Payment completed for EUR 64.0 EUR',
      resource: {
        id: '42311647XV020574X',
        status: 'COMPLETED',
        amount: { value: '64.00', currency_code: 'EUR' },
      },
    }),
  },
}
