import type { ProviderRow } from '../row.ts'

export const docusign: ProviderRow = {
  key: 'docusign',
  name: 'DocuSign Connect',
  category: 'productivity',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        { at: 'header:x-docusign-signature-1', format: 'raw' },
        { at: 'header:x-docusign-signature-2', format: 'raw' },
        { at: 'header:x-docusign-signature-3', format: 'raw' },
        { at: 'header:x-docusign-signature-4', format: 'raw' },
        { at: 'header:x-docusign-signature-5', format: 'raw' },
      ],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [['json:event', 'json:data.envelopeId', 'json:generatedDateTime']],
  type: ['json:event'],
  order: ['json:data.envelopeId'],
  content: ['any'],
  ack: { timeoutSeconds: 100, retries: 'unknown', verified: false },
  level: 'docs',
  sources: [
    'developers.docusign.com connect/validate',
    'hookdeck docusign skill: up to 100 numbered headers, any match',
  ],
  setUp: 'Settings → Connect → Connect keys.',
  notes:
    'One header for each active key, numbered; the first five are read. The body has no ' +
    'event id: event, envelope and time together are one.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'envelope-completed': ({ eventId, now }) => ({
      event: 'envelope-completed',
      apiVersion: 'v2.1',
      uri: '/restapi/v2.1/envelopes/sample',
      retryCount: 0,
      configurationId: 10_418_598,
      generatedDateTime: new Date(now).toISOString(),
      data: { accountId: 'acc_sample', envelopeId: eventId, userId: 'usr_sample' },
    }),
  },
}
