import type { ProviderRow } from '../row.ts'

export const cloudeventsHttp: ProviderRow = {
  key: 'cloudevents_http',
  name: 'CloudEvents HTTP webhook (incl. Event Grid CloudEvents schema)',
  category: 'cloud',
  schemes: [
    { kind: 'token', at: 'header:authorization', prefix: 'Bearer ', secret: { from: 'utf8' } },
    { kind: 'token', at: 'query:access_token', secret: { from: 'utf8' } },
  ],
  id: [
    ['header:ce-source', 'header:ce-id'],
    ['json:source', 'json:id'],
  ],
  type: ['header:ce-type', 'json:type'],
  order: ['header:ce-partitionkey', 'header:ce-subject', 'json:subject'],
  content: ['json'],
  handshakes: [
    {
      name: 'abuse protection',
      when: { method: 'OPTIONS', present: ['header:webhook-request-origin'] },
      check: [{ value: 'header:webhook-request-origin', oneOf: '{config:allowed_origins}' }],
      respond: {
        status: 200,
        headers: {
          'webhook-allowed-origin': '{header:webhook-request-origin}',
          'webhook-allowed-rate': '{config:rate}',
          allow: 'POST',
        },
      },
    },
  ],
  config: {
    allowed_origins: {
      default: '',
      description: 'Origins that may send events, separated by commas.',
    },
    rate: { default: '*', description: 'Requests a minute that a sender may make; `*`: no limit.' },
  },
  ack: { timeoutSeconds: null, retries: 'unknown', verified: true },
  level: 'docs',
  sources: ['cloudevents/spec cloudevents/http-webhook.md'],
  setUp: 'A bearer token of your choice; or access_token in the query.',
  notes:
    'Nothing is signed. Source and id together name an event. WebHook-Request-Callback is ' +
    'the sender’s word and never called.',
  notSigned:
    'Everything: it proves the sender, not the body, and whoever sees it once can send anything.',
  samples: {
    'com.example.berth.booked': ({ eventId, now }) => ({
      specversion: '1.0',
      id: eventId,
      source: '/harbour',
      type: 'com.example.berth.booked',
      subject: 'berth-12',
      time: new Date(now).toISOString(),
      datacontenttype: 'application/json',
      data: { berth: 12 },
    }),
  },
}
