import { compileTwilio, signTwilio, TWILIO_SECRET } from '../code/twilio.ts'
import type { ProviderRow } from '../row.ts'

export const twilio: ProviderRow = {
  key: 'twilio',
  name: 'Twilio (voice and messaging)',
  category: 'comms',
  setUp: 'Console → Account → API keys & tokens: the Auth Token.',
  schemes: [
    {
      kind: 'code',
      description:
        'HMAC-SHA1 over the URL and the form’s fields, sorted; over the URL alone for ' +
        'another body, whose SHA-256 stands in bodySHA256 of the query.',
      at: ['header:x-twilio-signature'],
      secret: TWILIO_SECRET,
      needsUrl: true,
      compile: compileTwilio,
      sign: signTwilio,
    },
  ],
  id: [
    ['json:MessageSid', 'json:MessageStatus'],
    ['json:CallSid', 'json:CallStatus', 'json:SequenceNumber'],
    'header:i-twilio-idempotency-token',
  ],
  type: ['json:MessageStatus', 'json:CallStatus', 'json:SmsStatus'],
  order: ['json:MessageSid', 'json:CallSid'],
  content: ['form', 'json'],
  ack: {
    timeoutSeconds: 15,
    retries: 'none by default',
    verified: false,
    // Empty: a body that is not TwiML is an error to Twilio.
    taken: [{ respond: { status: 204 } }],
  },
  level: 'sdk',
  sources: [
    'twilio/twilio-node src/webhooks/webhooks.ts',
    'twilio/twilio-python tests/unit/test_request_validator.py',
  ],
  notes:
    'The URL counts with and without its port, as in Twilio’s own libraries. A body that is ' +
    'neither a form nor bound by bodySHA256 is refused: the signature would be a token for ' +
    'any body.',
  notSigned:
    'Headers, i-twilio-idempotency-token among them. Names and values of fields are signed ' +
    'with nothing between them, so who saw a request can move a border between them; ' +
    'nothing dates it.',
  samples: {
    delivered: ({ eventId }) => ({
      AccountSid: 'ACSample0000000000000000000000000000',
      From: '+14155550100',
      MessageSid: eventId,
      MessageStatus: 'delivered',
      To: '+14155550101',
    }),
  },
}
