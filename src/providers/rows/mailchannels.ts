import { compileMailchannels } from '../code/mailchannels.ts'
import type { ProviderRow } from '../row.ts'

export const mailchannels: ProviderRow = {
  key: 'mailchannels',
  name: 'MailChannels',
  category: 'email',
  setUp: 'There is no secret: MailChannels publishes its key. Enroll the URL in the Console.',
  schemes: [
    {
      kind: 'code',
      description:
        'An HTTP message signature (RFC 9421, ed25519) over Content-Digest (RFC 9530), by ' +
        'the key that MailChannels publishes under the signature’s keyid.',
      at: ['header:signature'],
      compile: compileMailchannels,
    },
  ],
  id: [],
  type: [],
  order: [],
  batch: { at: '$', id: [], type: ['json:event'], order: ['json:request_id'] },
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'docs',
  sources: [
    'docs.mailchannels.net: delivery events',
    'Yizack/nuxt-webhook-validators mailchannels.ts',
  ],
  notes:
    'The key is the same for all accounts, so customer_handle says whose the event is: a ' +
    'handler should look at it. Events have no id; one is named by its place in its request.',
  notSigned:
    'The URL, and headers but Content-Digest: a delivery to another customer is as genuine.',
  samples: {},
}
