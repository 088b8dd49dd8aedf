import type { ProviderRow } from '../row.ts'

export const terraformCloud: ProviderRow = {
  key: 'terraform_cloud',
  name: 'HCP Terraform notifications',
  category: 'devops',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha512',
      signatures: [{ at: 'header:x-tfe-notification-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [['json:run_id', 'json:notifications.0.trigger', 'json:notifications.0.run_updated_at']],
  type: ['json:notifications.0.trigger'],
  order: ['json:workspace_id'],
  content: ['json'],
  handshakes: [
    {
      name: 'verification',
      when: { equals: { 'json:notifications.0.trigger': 'verification' } },
      respond: { status: 200 },
    },
  ],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['five public implementations that agree'],
  setUp: 'Workspace settings → Notifications: the Token that you type there.',
  notes:
    'HMAC-SHA512. When the notification is saved, HCP Terraform sends a verification that ' +
    'carries no event.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'run:completed': ({ eventId }) => ({
      payload_version: 1,
      notification_configuration_id: 'nc-sample',
      run_url: 'https://app.example.com/runs/run-sample',
      run_id: 'run-sample',
      run_message: 'Raise the quay',
      workspace_id: 'ws-sample',
      workspace_name: 'quay',
      organization_name: 'harbour-labs',
      notifications: [
        {
          message: 'Run Applied',
          trigger: 'run:completed',
          run_status: 'applied',
          run_updated_at: eventId,
          run_updated_by: 'noor',
        },
      ],
    }),
  },
}
