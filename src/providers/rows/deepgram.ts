import type { ProviderRow } from '../row.ts'

export const deepgram: ProviderRow = {
  key: 'deepgram',
  name: 'Deepgram callbacks',
  category: 'ai',
  schemes: [{ kind: 'token', at: 'header:dg-token', secret: { from: 'utf8' } }],
  id: ['json:metadata.request_id'],
  type: [],
  order: [],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['hookdeck/webhook-skills deepgram'],
  setUp: 'The API key identifier that made the request (its id, not the key).',
  notes: 'Nothing is signed. There is one callback a request, and the body names no type.',
  notSigned:
    'Everything: it proves the sender, not the body, and whoever sees it once can send anything.',
  samples: {
    unknown: ({ eventId, now }) => ({
      metadata: {
        request_id: eventId,
        created: new Date(now).toISOString(),
        duration: 25.9,
        channels: 1,
      },
      results: {
        channels: [{ alternatives: [{ transcript: 'is the slipway free', confidence: 0.99 }] }],
      },
    }),
  },
}
