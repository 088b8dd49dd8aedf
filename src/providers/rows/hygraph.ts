import { compileHygraph, HYGRAPH_SECRET, signHygraph } from '../code/hygraph.ts'
import type { ProviderRow, SampleBody } from '../row.ts'

const changed =
  (operation: string): SampleBody =>
  ({ eventId, now }) => ({
    operation,
    data: {
      __typename: 'Article',
      id: eventId,
      stage: operation === 'publish' ? 'PUBLISHED' : 'DRAFT',
      title: 'A sample',
      updatedAt: new Date(now).toISOString(),
    },
  })

export const hygraph: ProviderRow = {
  key: 'hygraph',
  name: 'Hygraph',
  category: 'cms',
  setUp: 'Project settings → Webhooks → the webhook → Secret key.',
  schemes: [
    {
      kind: 'code',
      description:
        'HMAC-SHA256 over a JSON envelope of the body as a text, the environment and the ' +
        'time, which gcms-signature names.',
      at: ['header:gcms-signature'],
      secret: HYGRAPH_SECRET,
      compile: compileHygraph,
      sign: signHygraph,
    },
  ],
  id: [],
  type: ['json:operation'],
  order: ['json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['@hygraph/utils 1.2.1', 'Yizack/nuxt-webhook-validators hygraph.ts'],
  notes:
    'The time is in ms, as Hygraph’s own library writes it; a third-party validator reads ' +
    'it as seconds, and so finds nothing too old. The window of 5 minutes is ours.',
  notSigned: 'Headers.',
  samples: { create: changed('create'), publish: changed('publish') },
}
