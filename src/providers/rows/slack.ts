import { slackSamples } from '../samples/slack.ts'
import type { ProviderRow } from '../row.ts'

export const slack: ProviderRow = {
  key: 'slack',
  name: 'Slack',
  category: 'comms',
  setUp: 'api.slack.com/apps → the app → Basic Information → Signing Secret.',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-slack-signature', format: 'prefix', prefix: 'v0=' }],
      encoding: 'hex',
      signed: 'v0:{ts}:{body}',
      secret: { from: 'utf8' },
      timestamp: {
        from: 'header:x-slack-request-timestamp',
        unit: 's',
        toleranceSeconds: 300,
        official: true,
      },
    },
  ],
  id: ['json:event_id', 'json:trigger_id'],
  type: ['json:event.type', 'json:type', 'json:command'],
  order: [
    'json:event.channel',
    'json:channel_id',
    'json:channel.id',
    'json:team_id',
    'json:team.id',
  ],
  content: ['json', 'form'],
  formField: 'payload',
  handshakes: [
    {
      name: 'url_verification',
      when: { equals: { 'json:type': 'url_verification' } },
      respond: { status: 200, text: '{json:challenge}' },
    },
  ],
  ack: {
    timeoutSeconds: 3,
    retries: '3 times: at once, after 1 min, after 5 min',
    verified: false,
  },
  level: 'sdk',
  sources: [
    'slackapi/bolt-js src/receivers/verify-request.ts',
    'slackapi/python-slack-sdk tests/signature',
  ],
  notes:
    'The url_verification probe is signed like any event, and answered only when its signature ' +
    'matches. Interactivity is a form whose field `payload` is JSON; a slash command is a ' +
    'form, and its type is the command. Each retry is signed anew: what has neither event_id ' +
    'nor trigger_id (app_rate_limited) counts as new each time.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: slackSamples,
}
