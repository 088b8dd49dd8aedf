import { githubSamples } from '../samples/github.ts'
import type { ProviderRow } from '../row.ts'

export const github: ProviderRow = {
  key: 'github',
  name: 'GitHub',
  category: 'devops',
  setUp: 'Settings of the repository, organisation or app → Webhooks → Secret.',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-hub-signature-256', format: 'prefix', prefix: 'sha256=' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:x-github-delivery'],
  type: [['header:x-github-event', 'json:action'], 'header:x-github-event'],
  order: ['json:repository.id', 'json:organization.id', 'json:installation.id'],
  content: ['json', 'form'],
  formField: 'payload',
  ack: {
    timeoutSeconds: 10,
    retries: 'none automatic; by hand within 3 days',
    neverRetries: true,
    verified: true,
  },
  level: 'sdk',
  sources: [
    'octokit/webhooks-methods.js src/node/verify.ts',
    'go-playground/webhooks github/github.go',
    'docs.github.com: validating webhook deliveries',
  ],
  notes:
    'X-Hub-Signature (SHA-1) is sent as well and never looked at. A redelivery keeps its ' +
    'X-GitHub-Delivery. With the form content type the signature is over the form, and the ' +
    'JSON is in its field `payload`.',
  notSigned:
    'Time, delivery id and event name: whoever has captured a delivery can send it again under ' +
    'another id or name.',
  samples: githubSamples,
}
