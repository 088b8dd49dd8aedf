import type { ProviderRow } from '../row.ts'

export const autodeskAps: ProviderRow = {
  key: 'autodesk_aps',
  name: 'Autodesk Platform Services',
  category: 'productivity',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha1',
      signatures: [{ at: 'header:x-adsk-signature', format: 'prefix', prefix: 'sha1hash=' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: ['json:hook.event'],
  order: ['json:payload.lineageUrn'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['public table of providers, checked against their documentation'],
  setUp: 'The token that you gave to POST /webhooks/v1/app/secret.',
  notes: 'HMAC-SHA1 with the prefix sha1hash=. The body has no event id.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which counts as a new event ' +
    'after 15 minutes.',
  samples: {
    'dm.version.added': ({ now }) => ({
      version: '1.0',
      resourceUrn: 'urn:adsk.wipprod:fs.file:vf.sample',
      hook: { hookId: 'hk_sample', tenant: 'co.sample', event: 'dm.version.added', system: 'data' },
      payload: {
        lineageUrn: 'urn:adsk.wipprod:dm.lineage:sample',
        name: 'quay.dwg',
        version: '2',
        modifiedTime: new Date(now).toISOString(),
      },
    }),
  },
}
