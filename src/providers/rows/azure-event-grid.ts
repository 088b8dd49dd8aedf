import type { ProviderRow } from '../row.ts'

export const azureEventGrid: ProviderRow = {
  key: 'azure_event_grid',
  name: 'Azure Event Grid (native schema)',
  category: 'cloud',
  schemes: [
    { kind: 'token', at: 'header:aeg-sas-key', secret: { from: 'utf8' } },
    { kind: 'token', at: 'query:code', secret: { from: 'utf8' } },
  ],
  id: [],
  type: [],
  order: [],
  batch: { at: '$', id: ['json:id'], type: ['json:eventType'], order: ['json:subject'] },
  content: ['json'],
  handshakes: [
    {
      name: 'SubscriptionValidation',
      when: { equals: { 'header:aeg-event-type': 'SubscriptionValidation' } },
      respond: { status: 200, json: { validationResponse: '{json:0.data.validationCode}' } },
    },
  ],
  ack: { timeoutSeconds: 30, retries: '24 h', verified: false },
  level: 'sdk',
  sources: ['Azure-Samples/azure-event-grid-viewer viewer/Controllers/UpdatesController.cs'],
  setUp:
    'A key of your choice: put it into the URL as `?code=`, or let Event Grid send it as ' +
    'the header aeg-sas-key.',
  notes:
    'Nothing is signed. The validation of the endpoint needs the key too. A request ' +
    'carries several events.',
  notSigned:
    'Everything: it proves the sender, not the body, and whoever sees it once can send anything.',
  samples: {
    'Microsoft.Storage.BlobCreated': ({ eventId, now }) => [
      {
        id: eventId,
        topic: '/subscriptions/sample',
        subject: '/blobServices/default/containers/tides/blobs/march.png',
        eventType: 'Microsoft.Storage.BlobCreated',
        eventTime: new Date(now).toISOString(),
        dataVersion: '1',
        data: { api: 'PutBlob', contentLength: 20_711 },
      },
    ],
  },
}
