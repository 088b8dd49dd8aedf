import type { ProviderRow } from '../row.ts'

export const meta: ProviderRow = {
  key: 'meta',
  name: 'Meta (Facebook / Instagram / WhatsApp Cloud)',
  category: 'social',
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
  id: [],
  type: ['json:object'],
  order: [],
  bodiesAreDated: true,
  batch: {
    at: 'entry',
    id: [],
    type: [['envelope:object', 'json:changes.0.field'], 'envelope:object'],
    order: ['json:id'],
  },
  content: ['json'],
  handshakes: [
    {
      name: 'hub.challenge',
      when: { method: 'GET', equals: { 'query:hub.mode': 'subscribe' } },
      check: [{ value: 'query:hub.verify_token', equals: '{config:verify_token}' }],
      respond: { status: 200, text: '{query:hub.challenge}' },
    },
  ],
  config: {
    verify_token: {
      default: '',
      description: 'The verify token that you typed where the webhook is configured.',
      required: true,
    },
  },
  ack: {
    timeoutSeconds: null,
    retries: 'up to 36 h (Graph) / 7 days (WhatsApp)',
    verified: false,
    taken: [{ respond: { status: 200 } }],
  },
  level: 'repo',
  sources: [
    'Yizack/nuxt-webhook-validators meta.ts',
    'simstudioai/sim whatsapp.ts',
    'fbsamples/original-coast-clothing app.js (legacy sha1)',
  ],
  setUp:
    'App Dashboard → App settings → Basic: App secret. The verify token that you choose ' +
    'goes into INLET_CONFIG_<SOURCE>_VERIFY_TOKEN.',
  notes:
    'Facebook, Instagram and WhatsApp. Meta escapes non-ASCII characters before it signs, ' +
    'one more reason to verify bytes. Entries carry no id.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'page.feed': ({ now }) => ({
      object: 'page',
      entry: [
        {
          id: '682498302938465',
          time: Math.floor(now / 1000),
          changes: [
            {
              field: 'feed',
              value: {
                item: 'comment',
                comment_id: '1188_2071',
                verb: 'add',
                message: 'Is the slipway free?',
              },
            },
          ],
        },
      ],
    }),
  },
}
