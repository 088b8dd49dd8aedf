import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const bigcommerce: ProviderRow = {
  key: 'bigcommerce',
  name: 'BigCommerce',
  category: 'commerce',
  schemes: [{ ...standardScheme('webhook'), secret: { from: 'utf8' } }],
  id: [],
  type: ['json:scope'],
  order: ['json:data.id'],
  content: ['json'],
  ack: {
    timeoutSeconds: null,
    retries:
      '60,180,300,600,900,1800,3600,7200,21600,50400,86400 s; deactivated after 48 h; domain blocklisted 3 min if <90% success in a 2-min window',
    verified: true,
  },
  level: 'docs',
  sources: ['bigcommerce/docs docs/integrations/webhooks/https-webhook-overview.mdx'],
  setUp: 'The client secret of the app that created the webhook.',
  notes:
    'Looks like Standard Webhooks, but the key is the client secret as it is displayed. ' +
    'The `hash` in the body is no id: it is made of the content, and a second identical ' +
    'change has the same. Where less than 90 % of two minutes’ deliveries succeed, the ' +
    'whole domain pauses for three.',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    'store/order/statusUpdated': ({ now }) => ({
      scope: 'store/order/statusUpdated',
      store_id: '1025646',
      data: { type: 'order', id: 250, status: { previous_status_id: 0, new_status_id: 10 } },
      hash: 'dd70c0976e06b67aaf671e73f49dcb79230ebf9d',
      created_at: Math.floor(now / 1000),
      producer: 'stores/sample',
    }),
  },
}
