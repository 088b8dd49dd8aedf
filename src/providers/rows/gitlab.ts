import { gitlabSamples } from '../samples/gitlab.ts'
import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const gitlab: ProviderRow = {
  key: 'gitlab',
  name: 'GitLab',
  category: 'devops',
  setUp:
    'Settings of the project or group → Webhooks → Signing token, or ' +
    'Secret token on older versions.',
  schemes: [
    {
      ...standardScheme('webhook'),
      secret: { from: 'base64', strip: /^whsec_/, accepts: /^whsec_/ },
    },
    {
      kind: 'token',
      at: 'header:x-gitlab-token',
      prefix: '',
      secret: { from: 'utf8', accepts: /^(?!whsec_)/ },
    },
  ],
  id: ['header:idempotency-key'],
  type: [
    ['json:object_kind', 'json:object_attributes.action'],
    'json:object_kind',
    'json:event_name',
    'header:x-gitlab-event',
  ],
  order: ['json:project.id', 'json:project_id', 'json:group_id'],
  content: ['json'],
  ack: {
    timeoutSeconds: 10,
    retries: 'none automatic; 4 failures in a row pause the webhook, 40 end it',
    neverRetries: true,
    verified: true,
  },
  level: 'docs',
  sources: [
    'gitlab-org/gitlab merge request 230944',
    'NangoHQ/nango packages/server/lib/webhook/gitlab-webhook-routing.ts',
    'docs.gitlab.com: webhooks, delivery headers',
  ],
  notes:
    'A signing token (whsec_…) signs like Standard Webhooks; any other secret is the older ' +
    'plain token. Where a signature is present the token is not looked at. X-Gitlab-Event-UUID ' +
    'is no id: webhooks that trigger each other share it, and events would be lost.',
  notSigned:
    'With a signing token, nothing that the gateway uses. With the plain token, everything: it ' +
    'proves the sender, not the body.',
  samples: gitlabSamples,
}
