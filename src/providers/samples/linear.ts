import type { SampleBody, SampleFacts } from '../row.ts'

const ISSUE = '7d1f6c52-93b0-4a7e-8f0c-2b1e5d9a6c34'
const ORGANIZATION = 'b0f3c1de-5a42-4c18-9d77-63a1e0c4f285'

function issue(action: 'create' | 'update', { now }: SampleFacts, changes: object): object {
  const at = new Date(now).toISOString()
  return {
    action,
    actor: {
      id: '1a9c7e40-2d35-4f6b-b8a1-c0e94d72f516',
      type: 'user',
      name: 'Tomás Ferreira',
      email: 'tomas@example.com',
    },
    createdAt: at,
    data: {
      id: ISSUE,
      createdAt: '2026-03-02T10:14:07.221Z',
      updatedAt: at,
      number: 318,
      identifier: 'DCK-318',
      title: 'Crane log drops the last entry of a shift',
      priority: 2,
      priorityLabel: 'High',
      teamId: '4e8b2f17-6c0d-4d93-a5f1-08b7c2e61d9a',
      team: { id: '4e8b2f17-6c0d-4d93-a5f1-08b7c2e61d9a', key: 'DCK', name: 'Docks' },
      state: { id: 'e6b1d0a4-71f8-4c3a-9b25-5d4c8e7f0612', name: 'Todo', type: 'unstarted' },
      labelIds: [],
      creatorId: '1a9c7e40-2d35-4f6b-b8a1-c0e94d72f516',
      url: 'https://linear.app/harbour/issue/DCK-318',
    },
    ...changes,
    type: 'Issue',
    organizationId: ORGANIZATION,
    url: 'https://linear.app/harbour/issue/DCK-318',
    webhookTimestamp: now,
    webhookId: 'f2c8a6b1-0e4d-4795-83ba-d16c5e9f7042',
  }
}

export const linearSamples: Record<string, SampleBody> = {
  'Issue.create': (facts) => issue('create', facts, {}),
  'Issue.update': (facts) => issue('update', facts, { updatedFrom: { priority: 3 } }),
}
