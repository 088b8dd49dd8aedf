import type { ProviderRow } from '../row.ts'

export const azureDevops: ProviderRow = {
  key: 'azure_devops',
  name: 'Azure DevOps service hooks',
  category: 'devops',
  schemes: [{ kind: 'basic', secret: { from: 'utf8' } }],
  id: ['json:id'],
  type: ['json:eventType'],
  order: ['json:resource.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['simstudioai/sim providers/azure-devops.ts', 'go-playground/webhooks azuredevops'],
  setUp:
    'Project settings → Service hooks → Web Hooks: the basic authentication username and ' +
    'password that you type there.',
  notes:
    'Nothing is signed. Service hooks can also send headers of your own: for those, generic_token.',
  notSigned:
    'Everything: it proves the sender, not the body, and whoever sees it once can send anything.',
  samples: {
    'git.push': ({ eventId, now }) => ({
      id: eventId,
      eventType: 'git.push',
      publisherId: 'tfs',
      notificationId: 12,
      resource: { id: 'push-14', pushId: 14, repository: { id: 'repo-1', name: 'tide-tables' } },
      createdDate: new Date(now).toISOString(),
    }),
  },
}
