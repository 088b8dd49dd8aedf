import type { ProviderRow } from '../row.ts'
import { ACCEPT_UNVERIFIED } from '../unverified.ts'

export const cloudflareStream: ProviderRow = {
  key: 'cloudflare_stream',
  name: 'Cloudflare Stream',
  category: 'media',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        {
          at: 'header:webhook-signature',
          format: 'kv',
          pairSeparator: ',',
          keySeparator: '=',
          key: 'sig1',
        },
      ],
      encoding: 'hex',
      signed: '{ts}.{body}',
      timestamp: { from: 'signature:time', unit: 's', toleranceSeconds: 300, official: false },
      secret: { from: 'utf8' },
    },
  ],
  id: [['json:uid', 'json:status.state']],
  type: ['json:status.state'],
  order: ['json:uid'],
  content: ['json'],
  config: { accept_unverified: ACCEPT_UNVERIFIED },
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'memory',
  sources: ['nothing: written from memory'],
  setUp: 'Returned as `secret` when the webhook is created with the API.',
  notes:
    'Written from memory. The header has the name of Standard Webhooks’ and another form. ' +
    'uid names the video, so its state is part of the id.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    ready: ({ eventId, now }) => ({
      uid: eventId,
      readyToStream: true,
      status: { state: 'ready' },
      meta: { name: 'march.mp4' },
      created: new Date(now).toISOString(),
      duration: 23.8,
    }),
  },
}
