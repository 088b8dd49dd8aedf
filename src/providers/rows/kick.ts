import type { ProviderRow } from '../row.ts'

export const kick: ProviderRow = {
  key: 'kick',
  name: 'Kick',
  category: 'social',
  schemes: [
    {
      kind: 'rsa',
      hash: 'sha256',
      signatures: [{ at: 'header:kick-event-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{id}.{ts}.{body}',
      idHeader: 'kick-event-message-id',
      timestamp: {
        from: 'header:kick-event-message-timestamp',
        unit: 'iso',
        toleranceSeconds: 300,
        official: false,
      },
      key: {
        from: 'row',
        pem: `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAq/+l1WnlRrGSolDMA+A8
6rAhMbQGmQ2SapVcGM3zq8ANXjnhDWocMqfWcTd95btDydITa10kDvHzw9WQOqp2
MZI7ZyrfzJuz5nhTPCiJwTwnEtWft7nV14BYRDHvlfqPUaZ+1KR4OCaO/wWIk/rQ
L/TjY0M70gse8rlBkbo2a8rKhu69RQTRsoaf4DVhDPEeSeI5jVrRDGAMGL3cGuyY
6CLKGdjVEM78g3JfYOvDU/RvfqD7L89TZ3iN94jrmWdGz34JNlEI5hqK8dd7C5EF
BEbZ5jgB8s8ReQV8H+MkuffjdAj3ajDDX3DOJMIut1lBrUVD1AaSrGCKHooWoL2e
twIDAQAB
-----END PUBLIC KEY-----`,
      },
    },
  ],
  id: [],
  type: ['header:kick-event-type'],
  order: ['json:broadcaster.user_id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['Yizack/nuxt-webhook-validators kick.ts'],
  setUp: 'Kick’s public key, on https://docs.kick.com: it is the same for all.',
  notes: 'RSA over id, time and body. The time is ISO 8601, signed as it is written.',
  notSigned: 'Event type: whoever has captured a delivery can send it again, with another one.',
  samples: {
    'chat.message.sent': ({ now }) => ({
      message_id: 'msg_sample',
      broadcaster: { user_id: 123_456_789, username: 'harbour' },
      sender: { user_id: 987_654_321, username: 'mara' },
      content: 'Is the slipway free?',
      created_at: new Date(now).toISOString(),
    }),
  },
}
