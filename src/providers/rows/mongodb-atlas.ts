import type { ProviderRow } from '../row.ts'

export const mongodbAtlas: ProviderRow = {
  key: 'mongodb_atlas',
  name: 'MongoDB Atlas alerts',
  category: 'ops',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha1',
      signatures: [{ at: 'header:x-mms-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [['json:id', 'json:status', 'json:updated']],
  type: ['json:eventTypeName', 'header:x-mms-event'],
  order: ['json:id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['public implementations'],
  setUp: 'Project settings → Integrations → Webhook settings: the Secret that you type there.',
  notes:
    'HMAC-SHA1, in base64. The id names the alert, so its state and the time of its ' +
    'change are part of the event’s id.',
  notSigned:
    'Time and event type: whoever has captured a delivery can send it again, with another one.',
  samples: {
    OUTSIDE_METRIC_THRESHOLD: ({ eventId, now }) => ({
      id: eventId,
      groupId: '535683b3794d371327b',
      eventTypeName: 'OUTSIDE_METRIC_THRESHOLD',
      status: 'OPEN',
      created: new Date(now).toISOString(),
      updated: new Date(now).toISOString(),
      metricName: 'ASSERT_REGULAR',
      replicaSetName: 'tides',
    }),
  },
}
