import { ADYEN_SECRET, compileAdyen, signAdyen } from '../code/adyen.ts'
import type { ProviderRow, SampleBody } from '../row.ts'

const notification =
  (eventCode: string, isModification: boolean): SampleBody =>
  ({ eventId, now }) => ({
    live: 'false',
    notificationItems: [
      {
        NotificationRequestItem: {
          additionalData: {},
          amount: { currency: 'EUR', value: 6_400 },
          eventCode,
          eventDate: new Date(now).toISOString(),
          merchantAccountCode: 'ExampleShop',
          merchantReference: 'order-8412',
          ...(isModification ? { originalReference: 'SAMPLEPSP0000001' } : {}),
          paymentMethod: 'visa',
          pspReference: eventId,
          reason: '',
          success: 'true',
        },
      },
    ],
  })

export const adyen: ProviderRow = {
  key: 'adyen',
  name: 'Adyen standard notifications (payments)',
  category: 'payments',
  setUp: 'Customer Area → Developers → Webhooks → Standard webhook → Security: the HMAC key (hex).',
  schemes: [
    {
      kind: 'code',
      description:
        'Each item carries additionalData.hmacSignature, an HMAC-SHA256 over eight of its ' +
        'fields. Every item of a request has to match.',
      at: ['json:notificationItems.0.NotificationRequestItem.additionalData.hmacSignature'],
      secret: ADYEN_SECRET,
      compile: compileAdyen,
      sign: signAdyen,
    },
  ],
  id: [],
  type: [],
  order: [],
  batch: {
    at: 'notificationItems',
    id: [
      [
        'json:NotificationRequestItem.pspReference',
        'json:NotificationRequestItem.eventCode',
        'json:NotificationRequestItem.success',
      ],
    ],
    type: ['json:NotificationRequestItem.eventCode'],
    order: [
      'json:NotificationRequestItem.originalReference',
      'json:NotificationRequestItem.pspReference',
    ],
  },
  content: ['json'],
  ack: { timeoutSeconds: 10, retries: 'from a queue, with growing gaps', verified: true },
  level: 'sdk',
  sources: [
    'Adyen/adyen-node-api-library src/utils/hmacValidator.ts, with its test',
    'dev.to/adyen: the new approach to accepting events',
  ],
  notes:
    'Adyen names an event by its pspReference and eventCode. Only the JSON format is taken, ' +
    'not the older form and SOAP ones. The banking and platform webhooks are another ' +
    'provider here: adyen_platform. The signed text joins fields with colons: an item with ' +
    'a colon elsewhere than in merchantReference is refused, because it could be cut in two ' +
    'ways.',
  notSigned:
    'Everything but pspReference, originalReference, merchantAccountCode, ' +
    'merchantReference, amount, eventCode and success: not reason, paymentMethod, eventDate ' +
    'or the rest of additionalData, and no time. An item can be replayed once its id is ' +
    'forgotten.',
  samples: {
    AUTHORISATION: notification('AUTHORISATION', false),
    CAPTURE: notification('CAPTURE', true),
  },
}
