import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const incidentIo: ProviderRow = {
  key: 'incident_io',
  name: 'incident.io',
  category: 'ops',
  schemes: [standardScheme('webhook')],
  id: [],
  type: ['json:event_type'],
  order: [],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['simstudioai/sim apps/sim/lib/webhooks/providers/incidentio.ts'],
  setUp: 'Settings → Webhooks → the endpoint: Signing secret.',
  notes:
    'Standard Webhooks. The type stands in event_type, and the data under a field of that name.',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    'public_incident.incident_created_v2': () => ({
      event_type: 'public_incident.incident_created_v2',
      'public_incident.incident_created_v2': {
        id: '01SAMPLE8QKZ',
        name: 'Pump 3 stalls',
        reference: 'INC-417',
      },
    }),
  },
}
