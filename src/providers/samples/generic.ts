import type { SampleBody } from '../row.ts'

const invoicePaid: SampleBody = ({ eventId, now }) => ({
  type: 'invoice.paid',
  timestamp: new Date(now).toISOString(),
  data: {
    id: 'inv_2026_0417',
    event: eventId,
    customer: { id: 'cus_1188', name: 'Lindqvist & Daughters' },
    currency: 'EUR',
    total: 18_450,
    lines: [
      { description: 'Workshop hire, 2 days', quantity: 2, unitPrice: 7_500 },
      { description: 'Cleaning', quantity: 1, unitPrice: 3_450 },
    ],
  },
})

const userCreated: SampleBody = ({ now }) => ({
  type: 'user.created',
  timestamp: new Date(now).toISOString(),
  data: {
    id: 'usr_5j2c8',
    email: 'mara@example.com',
    name: 'Mara Ilves',
    roles: ['member'],
  },
})

/** For providers that prescribe no shape: that of the Standard Webhooks specification. */
export const genericSamples: Record<string, SampleBody> = {
  'invoice.paid': invoicePaid,
  'user.created': userCreated,
}
