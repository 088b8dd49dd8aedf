import type { ProviderRow } from '../row.ts'

export const strava: ProviderRow = {
  key: 'strava',
  name: 'Strava',
  category: 'social',
  schemes: [{ kind: 'token', at: 'query:token', secret: { from: 'utf8' } }],
  id: [['json:object_type', 'json:object_id', 'json:aspect_type', 'json:event_time']],
  type: [['json:object_type', 'json:aspect_type']],
  order: ['json:owner_id'],
  content: ['json'],
  handshakes: [
    {
      name: 'hub.challenge',
      when: { method: 'GET', equals: { 'query:hub.mode': 'subscribe' } },
      check: [{ value: 'query:hub.verify_token', equals: '{config:verify_token}' }],
      respond: { status: 200, json: { 'hub.challenge': '{query:hub.challenge}' } },
    },
  ],
  config: {
    verify_token: {
      default: '',
      description: 'The verify_token of your push subscription.',
      required: true,
    },
  },
  ack: { timeoutSeconds: 2, retries: '3', verified: false, taken: [{ respond: { status: 200 } }] },
  level: 'repo',
  sources: ['nine public implementations that agree'],
  setUp:
    'There is none. Make up a token and register the URL with `?token=<token>`. The ' +
    'verify token that you choose goes into INLET_CONFIG_<SOURCE>_VERIFY_TOKEN.',
  notes: 'Strava signs nothing, so the URL carries a token. The challenge is answered as JSON.',
  notSigned: 'Everything: whoever knows the URL can send anything.',
  samples: {
    'activity.create': ({ eventId, now }) => ({
      aspect_type: 'create',
      event_time: Math.floor(now / 1000),
      object_id: eventId,
      object_type: 'activity',
      owner_id: 134_815,
      subscription_id: 120_475,
      updates: {},
    }),
  },
}
