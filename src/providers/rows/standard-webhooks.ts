import { genericSamples } from '../samples/generic.ts'
import type { ProviderRow } from '../row.ts'
import type { AsymmetricScheme, HmacScheme } from '../schemes.ts'

/**
 * The scheme of the Standard Webhooks specification. Its three headers share a prefix and belong
 * together: an id of one family beside the signature of another would be an id that nobody signed.
 */
export function standardScheme(headerPrefix: 'webhook' | 'svix'): HmacScheme {
  return {
    kind: 'hmac',
    hash: 'sha256',
    ...signedAs(headerPrefix, 'v1'),
    secret: { from: 'base64', strip: /^whsec_/ },
  }
}

function signedAs(
  headerPrefix: 'webhook' | 'svix',
  version: 'v1' | 'v1a',
): Omit<AsymmetricScheme, 'kind' | 'hash' | 'key'> {
  return {
    signatures: [
      {
        at: `header:${headerPrefix}-signature`,
        format: 'list',
        itemSeparator: ' ',
        versionSeparator: ',',
        version,
      },
    ],
    encoding: 'base64',
    signed: '{id}.{ts}.{body}',
    idHeader: `${headerPrefix}-id`,
    timestamp: {
      from: `header:${headerPrefix}-timestamp`,
      unit: 's',
      toleranceSeconds: 300,
      official: true,
    },
  }
}

const common = {
  category: 'standard',
  id: [],
  type: ['json:type'],
  order: ['json:data.id'],
  content: ['json'],
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: genericSamples,
} satisfies Partial<ProviderRow>

export const standardWebhooks: ProviderRow = {
  ...common,
  key: 'standard_webhooks',
  name: 'Standard Webhooks',
  setUp: 'At the sender, beside the endpoint: whsec_ and base64.',
  schemes: [standardScheme('webhook'), standardScheme('svix')],
  ack: {
    timeoutSeconds: 15,
    retries: 'over days, with growing gaps; 410 disables the endpoint',
    verified: true,
  },
  level: 'sdk',
  sources: [
    'standard-webhooks/standard-webhooks spec/standard-webhooks.md',
    'standard-webhooks/standard-webhooks libraries/javascript/src/index.ts',
  ],
  notes:
    'The time window holds in both directions, as the specification asks. An id with a dot is ' +
    'refused: id, time and body are joined with dots, so it could be cut in two ways.',
}

export const standardWebhooksEd25519: ProviderRow = {
  ...common,
  key: 'standard_webhooks_ed25519',
  name: 'Standard Webhooks, asymmetric',
  setUp: 'At the sender: its public key, whpk_ and base64.',
  schemes: [
    {
      kind: 'ed25519',
      ...signedAs('webhook', 'v1a'),
      key: { from: 'secret', form: 'raw', encoding: 'base64', strip: /^whpk_/ },
    },
  ],
  ack: standardWebhooks.ack,
  level: 'sdk',
  sources: [
    'standard-webhooks/standard-webhooks spec/standard-webhooks.md',
    'svix/svix-webhooks server/svix-server/src/worker.rs',
  ],
  notes: 'The secret is the public key, whpk_…. A header may mix v1 and v1a; only v1a counts here.',
}
