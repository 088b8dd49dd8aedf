import { compilePlivo, PLIVO_SECRET, signPlivo } from '../code/plivo.ts'
import type { ProviderRow } from '../row.ts'

export const plivo: ProviderRow = {
  key: 'plivo',
  name: 'Plivo (signature version 3)',
  category: 'comms',
  setUp: 'Console → Overview: the Auth Token, of the main account or of the subaccount.',
  schemes: [
    {
      kind: 'code',
      description:
        'HMAC-SHA256 over the URL, its query and the form’s fields, sorted, and a nonce.',
      at: ['header:x-plivo-signature-v3', 'header:x-plivo-signature-ma-v3'],
      secret: PLIVO_SECRET,
      needsUrl: true,
      compile: compilePlivo,
      sign: signPlivo,
    },
  ],
  id: [['json:MessageUUID', 'json:Status'], 'json:MessageUUID'],
  type: ['json:Event', 'json:Status', 'json:CallStatus'],
  order: ['json:MessageUUID', 'json:CallUUID'],
  content: ['form'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['plivo/plivo-node lib/utils/v3Security.js'],
  notes:
    'Version 2, which is sent beside it, signs the URL and no field: it is never looked at, ' +
    'or a request could be stripped of its better signature and given any content. Set the ' +
    'method to POST. Events of a call have no id of their own.',
  notSigned:
    'Headers. Names and values of fields are signed with nothing between them, so who saw a ' +
    'request can move a border between them; nothing dates it.',
  samples: {
    delivered: ({ eventId }) => ({
      From: '14155550100',
      MessageUUID: eventId,
      Status: 'delivered',
      To: '14155550101',
      Units: '1',
    }),
  },
}
