import type { ProviderRow } from '../row.ts'

export const lago: ProviderRow = {
  key: 'lago',
  name: 'Lago',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      when: { config: 'algorithm', equals: 'hmac' },
      hash: 'sha256',
      signatures: [{ at: 'header:x-lago-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
    {
      kind: 'jwt',
      when: { config: 'algorithm', equals: 'jwt' },
      at: 'header:x-lago-signature',
      algorithms: ['RS256'],
      secret: { from: 'utf8' },
      claims: { equals: { iss: '{config:issuer}' } },
      bodyClaim: { name: 'data' },
    },
  ],
  id: ['header:x-lago-unique-key'],
  type: ['json:webhook_type'],
  order: ['json:invoice.lago_id', 'json:customer.lago_id'],
  content: ['json'],
  config: {
    algorithm: {
      default: 'hmac',
      description:
        'The webhook’s signature algorithm: `hmac`, or `jwt`, for which the secret is Lago’s public key as PEM.',
    },
    issuer: {
      default: 'https://api.getlago.com',
      description: 'The URL of the Lago API, which issues the JWTs.',
    },
  },
  ack: { timeoutSeconds: null, retries: '3', verified: true },
  level: 'docs',
  sources: ['getlago.com docs format---signature'],
  setUp: 'The organisation’s HMAC key → in Developers; for JWT the public key of the API, as PEM.',
  notes:
    'The header that names the algorithm is the sender’s word and not looked at: the ' +
    'source’s configuration decides. JWT is Lago’s default. That the signature is base64, ' +
    'and who issues the JWT, is from memory.',
  notSigned:
    'Time and delivery id: whoever has captured a delivery can send it again under another id.',
  samples: {
    'invoice.created': () => ({
      webhook_type: 'invoice.created',
      object_type: 'invoice',
      organization_id: 'org_sample',
      invoice: { lago_id: 'a2f1', number: 'HAR-0417', currency: 'EUR', total_amount_cents: 6_400 },
    }),
  },
}
