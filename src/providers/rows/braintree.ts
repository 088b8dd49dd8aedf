import { BRAINTREE_SECRET, compileBraintree, signBraintree } from '../code/braintree.ts'
import type { ProviderRow, SampleBody } from '../row.ts'

const notification =
  (kind: string, subject: string): SampleBody =>
  ({ eventId, now }) => {
    const timestamp = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z')
    const xml =
      `<notification><timestamp type="datetime">${timestamp}</timestamp><kind>${kind}</kind>` +
      `<subject><${subject}><id>${eventId}</id></${subject}></subject></notification>`
    return { bt_payload: `${Buffer.from(xml).toString('base64')}\n` }
  }

export const braintree: ProviderRow = {
  key: 'braintree',
  name: 'Braintree',
  category: 'payments',
  setUp:
    'Control Panel → Settings → API: the private key is the secret, the public key belongs ' +
    'in INLET_CONFIG_<SOURCE>_PUBLIC_KEY.',
  schemes: [
    {
      kind: 'code',
      description:
        'HMAC-SHA1 of bt_payload, with the SHA-1 of the private key; bt_signature holds one ' +
        'for each key pair, named by its public key.',
      at: ['form:bt_signature'],
      secret: BRAINTREE_SECRET,
      macHash: 'sha1',
      compile: compileBraintree,
      sign: signBraintree,
    },
  ],
  id: [],
  type: ['proof:kind'],
  order: [],
  content: ['form'],
  config: {
    public_key: {
      default: '',
      required: true,
      description: 'The public key that belongs to the secret; of several, separated by commas.',
    },
  },
  handshakes: [
    {
      name: 'bt_challenge',
      when: { method: 'GET', present: ['query:bt_challenge'] },
      // The answer is a MAC by the key that signs deliveries: of nothing but a challenge.
      check: [{ value: 'query:bt_challenge', matches: /^[a-f0-9]{20,32}$/ }],
      respond: { status: 200, text: '{config:public_key}|{hmacHex:query:bt_challenge}' },
    },
  ],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['braintree/braintree_node lib/braintree/webhook_notification_gateway.js, digest.js'],
  notes:
    'The payload is XML in base64, and is passed on as it came; only its kind is read. An ' +
    'event is named by the hash of its payload, in which its time stands.',
  notSigned: 'Everything of the form but bt_payload. No limit to its age is set by Braintree.',
  samples: {
    subscription_charged_successfully: notification(
      'subscription_charged_successfully',
      'subscription',
    ),
    dispute_opened: notification('dispute_opened', 'dispute'),
  },
}
