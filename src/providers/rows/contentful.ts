import { compileContentful, CONTENTFUL_SECRET, signContentful } from '../code/contentful.ts'
import type { ProviderRow, SampleBody } from '../row.ts'

const entry: SampleBody = ({ eventId, now }) => ({
  sys: {
    type: 'Entry',
    id: eventId,
    space: { sys: { type: 'Link', linkType: 'Space', id: 'examplespace' } },
    environment: { sys: { type: 'Link', linkType: 'Environment', id: 'master' } },
    contentType: { sys: { type: 'Link', linkType: 'ContentType', id: 'article' } },
    revision: 1,
    createdAt: new Date(now).toISOString(),
    updatedAt: new Date(now).toISOString(),
  },
  fields: { title: { 'en-US': 'A sample' } },
})

export const contentful: ProviderRow = {
  key: 'contentful',
  name: 'Contentful',
  category: 'cms',
  setUp: 'Space settings → Webhooks → Settings → Enable request verification: the signing secret.',
  schemes: [
    {
      kind: 'code',
      description:
        'HMAC-SHA256 over method, path, the headers that x-contentful-signed-headers names, ' +
        'and the body.',
      at: ['header:x-contentful-signature'],
      secret: CONTENTFUL_SECRET,
      needsUrl: true,
      compile: compileContentful,
      sign: signContentful,
    },
  ],
  id: [
    ['proof:topic', 'json:sys.id', 'json:sys.deletedAt'],
    ['proof:topic', 'json:sys.id', 'json:sys.updatedAt'],
  ],
  type: ['proof:topic'],
  order: ['json:sys.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['contentful/node-apps-toolkit src/requests/sign-request.ts, verify-request.ts'],
  notes:
    'The window of 30 s is Contentful’s own. The time and the list of signed headers have ' +
    'to be signed themselves. The topic counts as the event’s type only where it is signed.',
  notSigned: 'Headers that x-contentful-signed-headers does not name, and the host.',
  samples: {
    'ContentManagement.Entry.publish': entry,
    'ContentManagement.Entry.save': entry,
  },
}
