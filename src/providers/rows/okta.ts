import type { ProviderRow } from '../row.ts'

export const okta: ProviderRow = {
  key: 'okta',
  name: 'Okta event hooks',
  category: 'auth',
  schemes: [{ kind: 'token', at: 'header:authorization', secret: { from: 'utf8' } }],
  id: [],
  type: [],
  order: [],
  batch: {
    at: 'data.events',
    id: ['json:uuid'],
    type: ['json:eventType'],
    order: ['json:actor.id'],
  },
  content: ['json'],
  handshakes: [
    {
      name: 'one-time verification',
      when: { method: 'GET', present: ['header:x-okta-verification-challenge'] },
      respond: { status: 200, json: { verification: '{header:x-okta-verification-challenge}' } },
    },
  ],
  ack: {
    timeoutSeconds: 3,
    retries: 'at most 1, only on 5xx/timeouts; 4xx not retried',
    verified: true,
    taken: [{ respond: { status: 200 } }],
  },
  level: 'docs',
  sources: ['okta/okta-developer-docs concepts/event-hooks'],
  setUp: 'Workflow → Event hooks → the hook: the Authentication secret that you type there.',
  notes:
    'Nothing is signed. The endpoint is verified once with a challenge. A request carries ' +
    'several events.',
  notSigned:
    'Everything: it proves the sender, not the body, and whoever sees it once can send anything.',
  samples: {
    'user.session.start': ({ eventId, now }) => ({
      eventType: 'com.okta.event_hook',
      eventTypeVersion: '1.0',
      cloudEventsVersion: '0.1',
      eventId: 'hook_sample',
      eventTime: new Date(now).toISOString(),
      source: 'https://sample.example.com/api/v1/eventHooks/who_sample',
      data: {
        events: [
          {
            uuid: eventId,
            published: new Date(now).toISOString(),
            eventType: 'user.session.start',
            actor: { id: '00u_sample', type: 'User' },
            outcome: { result: 'SUCCESS' },
          },
        ],
      },
    }),
  },
}
