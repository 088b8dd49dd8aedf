import type { SampleBody, SampleFacts } from '../row.ts'

const CHANNEL = 'C07SAMPLE42'
const TEAM = 'T04SAMPLE11'

function callback({ eventId, now }: SampleFacts, event: object): object {
  return {
    token: 'not-a-secret-any-more',
    team_id: TEAM,
    api_app_id: 'A06SAMPLE73',
    event,
    type: 'event_callback',
    event_id: eventId,
    event_time: Math.floor(now / 1000),
    authorizations: [{ enterprise_id: null, team_id: TEAM, user_id: 'U05SAMPLE90', is_bot: true }],
    is_ext_shared_channel: false,
    event_context: '4-sample-context',
  }
}

function stamp(now: number): string {
  return `${Math.floor(now / 1000)}.000219`
}

const message: SampleBody = (facts) =>
  callback(facts, {
    type: 'message',
    user: 'U02SAMPLE58',
    text: 'The pump in cellar 3 is running again :tada:',
    ts: stamp(facts.now),
    client_msg_id: '6c2f4c9e-3f4f-4b55-8f7e-1d1b8a7f2c30',
    team: TEAM,
    channel: CHANNEL,
    channel_type: 'channel',
    event_ts: stamp(facts.now),
  })

const appMention: SampleBody = (facts) =>
  callback(facts, {
    type: 'app_mention',
    user: 'U02SAMPLE58',
    text: '<@U05SAMPLE90> who is on call tonight?',
    ts: stamp(facts.now),
    team: TEAM,
    channel: CHANNEL,
    event_ts: stamp(facts.now),
  })

export const slackSamples: Record<string, SampleBody> = {
  message,
  app_mention: appMention,
}
