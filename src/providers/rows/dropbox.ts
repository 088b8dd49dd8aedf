import type { ProviderRow } from '../row.ts'

export const dropbox: ProviderRow = {
  key: 'dropbox',
  name: 'Dropbox',
  category: 'productivity',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-dropbox-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: [],
  order: ['json:list_folder.accounts.0'],
  content: ['json'],
  handshakes: [
    {
      name: 'challenge',
      when: { method: 'GET', present: ['query:challenge'] },
      respond: { status: 200, text: '{query:challenge}' },
    },
  ],
  ack: { timeoutSeconds: 10, retries: 'unknown', verified: false },
  identicalAreDistinct: true,
  level: 'sdk',
  sources: ['dropbox/mdwebhook app.py', 'Yizack/nuxt-webhook-validators dropbox.ts'],
  setUp: 'App Console → the app → Settings: App secret.',
  notes:
    'A delivery names accounts in which something changed, and nothing else: two changes ' +
    'have the same body.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which counts as a new event ' +
    'after 15 minutes.',
  samples: {
    unknown: () => ({
      list_folder: { accounts: ['dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc'] },
      delta: { users: [12_345_678] },
    }),
  },
}
