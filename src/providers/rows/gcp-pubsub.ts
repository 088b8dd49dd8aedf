import type { ProviderRow } from '../row.ts'

export const gcpPubsub: ProviderRow = {
  key: 'gcp_pubsub',
  name: 'Google Pub/Sub push (OIDC)',
  category: 'cloud',
  schemes: [
    {
      kind: 'jwt',
      at: 'header:authorization',
      prefix: 'Bearer ',
      algorithms: ['RS256'],
      key: { from: 'jwks', url: 'https://www.googleapis.com/oauth2/v3/certs' },
      claims: {
        equals: {
          iss: ['https://accounts.google.com', 'accounts.google.com'],
          aud: '{config:audience}',
          email: '{config:service_account}',
          email_verified: true,
        },
        required: ['exp'],
      },
    },
  ],
  id: ['json:message.messageId'],
  type: ['json:message.attributes.eventType'],
  order: ['json:message.orderingKey'],
  content: ['json'],
  config: {
    audience: {
      default: '',
      description: 'The audience of the push subscription.',
      required: true,
    },
    service_account: {
      default: '',
      description: 'The e-mail address of its service account.',
      required: true,
    },
  },
  ack: {
    timeoutSeconds: 10,
    retries: 'until retention expires; ack deadline 10-600 s',
    verified: false,
  },
  level: 'repo',
  sources: ['NangoHQ/nango gmail-webhook-routing.ts'],
  setUp:
    'There is none: Google’s keys prove it. Audience and service account go into ' +
    'INLET_CONFIG_<SOURCE>_AUDIENCE and …_SERVICE_ACCOUNT.',
  notes:
    'An OIDC token that says nothing about the body. Messages with an ordering key keep ' +
    'their order.',
  notSigned:
    'The body: whoever has captured one delivery can send another body with its proof ' +
    'until that expires.',
  samples: {
    OBJECT_FINALIZE: ({ eventId, now }) => ({
      message: {
        attributes: { eventType: 'OBJECT_FINALIZE', bucketId: 'tides' },
        data: 'eyJuYW1lIjoibWFyY2gucG5nIn0=',
        messageId: eventId,
        orderingKey: 'tides',
        publishTime: new Date(now).toISOString(),
      },
      subscription: 'projects/harbour/subscriptions/inlet',
    }),
  },
}
