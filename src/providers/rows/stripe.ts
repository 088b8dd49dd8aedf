import { stripeSamples } from '../samples/stripe.ts'
import type { ProviderRow } from '../row.ts'

export const stripe: ProviderRow = {
  key: 'stripe',
  name: 'Stripe',
  category: 'payments',
  setUp: 'Dashboard → Developers → Webhooks → the endpoint → Signing secret (whsec_…).',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        {
          at: 'header:stripe-signature',
          format: 'kv',
          pairSeparator: ',',
          keySeparator: '=',
          key: 'v1',
        },
      ],
      encoding: 'hex',
      signed: '{ts}.{body}',
      secret: { from: 'utf8' },
      timestamp: { from: 'signature:t', unit: 's', toleranceSeconds: 300, official: true },
    },
  ],
  id: ['json:id'],
  type: ['json:type'],
  order: ['json:data.object.customer', 'json:data.object.id', 'json:related_object.id'],
  content: ['json'],
  ack: {
    timeoutSeconds: null,
    retries: 'live: with growing gaps for 3 days; sandbox: 3 times in a few hours',
    verified: true,
  },
  level: 'sdk',
  sources: ['stripe/stripe-node src/Webhooks.ts', 'docs.stripe.com: webhooks'],
  notes:
    'The secret is used as it is displayed: whsec_ is part of the key. v0 is signed with test ' +
    'keys and never looked at. Stripe’s own library takes times from the future; the window ' +
    'here holds in both directions. Every attempt is signed anew, which the id in the body ' +
    'makes harmless. Stripe does not promise order.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: stripeSamples,
}
