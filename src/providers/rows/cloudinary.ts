import type { ProviderRow } from '../row.ts'

export const cloudinary: ProviderRow = {
  key: 'cloudinary',
  name: 'Cloudinary',
  category: 'cms',
  schemes: [
    {
      kind: 'digest',
      hash: '{config:hash}',
      signatures: [{ at: 'header:x-cld-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}{ts}{secret}',
      timestamp: {
        from: 'header:x-cld-timestamp',
        unit: 's',
        toleranceSeconds: 7200,
        official: true,
      },
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:notification_id'],
  type: ['json:notification_type'],
  order: ['json:public_id'],
  content: ['json'],
  config: {
    hash: { default: 'sha1', description: 'sha1, or sha256 where the account is set to it.' },
  },
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['cloudinary/cloudinary_npm lib/utils/index.js + vector'],
  setUp: 'Settings → API keys: API secret.',
  notes: 'A plain SHA-1 of body, time and secret; the window of 2 hours is Cloudinary’s own.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    upload: ({ eventId, now }) => ({
      notification_type: 'upload',
      timestamp: new Date(now).toISOString(),
      request_id: 'req_sample',
      notification_id: eventId,
      asset_id: 'f0a1',
      public_id: 'tides/march',
      version: 1_772_616_600,
      format: 'png',
      bytes: 20_711,
    }),
  },
}
