import type { ProviderRow } from '../row.ts'

export const sonatypeNexus: ProviderRow = {
  key: 'sonatype_nexus',
  name: 'Sonatype Nexus',
  category: 'devops',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha1',
      signatures: [{ at: 'header:x-nexus-webhook-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:x-nexus-webhook-delivery'],
  type: ['header:x-nexus-webhook-id'],
  order: ['json:repositoryName'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['public implementations', 'webhooks.fyi'],
  setUp: 'System → Capabilities → the webhook: the Secret key that you type there.',
  notes: 'HMAC-SHA1. Id and type are headers that nobody signs.',
  notSigned:
    'Time, delivery id and event type: whoever has captured a delivery can send it again ' +
    'under another id or type.',
  samples: {
    'rm:repository:component': ({ now }) => ({
      timestamp: new Date(now).toISOString(),
      nodeId: '7FFA7361',
      initiator: 'noor/192.0.2.7',
      repositoryName: 'maven-releases',
      action: 'CREATED',
      component: { format: 'maven2', name: 'tides', group: 'org.harbour', version: '1.4.0' },
    }),
  },
}
