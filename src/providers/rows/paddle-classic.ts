import { compilePaddleClassic } from '../code/paddle-classic.ts'
import type { ProviderRow } from '../row.ts'

export const paddleClassic: ProviderRow = {
  key: 'paddle_classic',
  name: 'Paddle Classic',
  category: 'payments',
  setUp: 'Developer Tools → Public Key: all of it, with its first and last line, in a file.',
  schemes: [
    {
      kind: 'code',
      description:
        'RSA-SHA1 over the fields of the form but p_signature, sorted by name, as PHP ' +
        'serialises them.',
      at: ['form:p_signature'],
      secret: { from: 'utf8' },
      compile: compilePaddleClassic,
    },
  ],
  id: ['json:alert_id'],
  type: ['json:alert_name'],
  order: ['json:subscription_id', 'json:checkout_id'],
  content: ['form'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'docs',
  sources: ['classic.paddle.com: verifying webhooks'],
  notes:
    'The secret is a public key. Paddle Billing, the successor, is the provider paddle. A ' +
    'field that occurs twice is refused: PHP would take the last one, and others the first.',
  notSigned: 'Headers. The form has event_time, and no limit to its age is set by Paddle.',
  samples: {},
}
