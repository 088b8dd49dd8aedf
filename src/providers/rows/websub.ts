import type { ProviderRow } from '../row.ts'

export const websub: ProviderRow = {
  key: 'websub',
  name: 'WebSub / PubSubHubbub (YouTube)',
  category: 'social',
  schemes: [
    {
      kind: 'hmac',
      hash: 'fromSignature',
      signatures: [
        {
          at: 'header:x-hub-signature',
          format: 'algorithm',
          separator: '=',
          allow: ['sha1', 'sha256', 'sha384', 'sha512'],
        },
      ],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: [],
  order: [],
  content: ['any'],
  handshakes: [
    {
      name: 'hub.challenge',
      when: { method: 'GET', equals: { 'query:hub.mode': ['subscribe', 'unsubscribe'] } },
      check: [{ value: 'query:hub.topic', equals: '{config:topic}' }],
      otherwise: 404,
      respond: { status: 200, text: '{query:hub.challenge}' },
    },
  ],
  config: {
    topic: {
      default: '',
      description: 'The URL of the topic that you subscribed to.',
      required: true,
    },
  },
  ack: { timeoutSeconds: null, retries: 'hub dependent', verified: true },
  level: 'docs',
  sources: ['w3c/websub index.html'],
  setUp: 'The hub.secret of your subscription. The topic goes into INLET_CONFIG_<SOURCE>_TOPIC.',
  notes:
    'The header names the hash. YouTube still uses SHA-1, which this row has to take. The ' +
    'body is a feed, and stays opaque.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which counts as a new event ' +
    'after 15 minutes.',
  samples: {
    unknown: ({ now }) => ({
      title: 'Harbour cam',
      entry: { id: 'yt:video:sample', published: new Date(now).toISOString() },
    }),
  },
}
