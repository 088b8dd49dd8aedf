import type { SampleBody } from '../row.ts'

function money(amount: string) {
  const both = { amount, currency_code: 'EUR' }
  return { shop_money: both, presentment_money: both }
}

const ordersCreate: SampleBody = ({ now }) => {
  const at = new Date(now).toISOString()
  const address = {
    first_name: 'Aino',
    last_name: 'Rautio',
    address1: 'Satamakatu 4 B',
    city: 'Helsinki',
    zip: '00160',
    country: 'Finland',
    country_code: 'FI',
  }
  return {
    id: 6_120_448_833_711,
    admin_graphql_api_id: 'gid://shopify/Order/6120448833711',
    name: '#2041',
    order_number: 2_041,
    confirmed: true,
    created_at: at,
    processed_at: at,
    updated_at: at,
    currency: 'EUR',
    email: 'aino@example.com',
    financial_status: 'paid',
    fulfillment_status: null,
    source_name: 'web',
    tags: '',
    test: true,
    total_price: '58.00',
    total_price_set: money('58.00'),
    subtotal_price: '52.10',
    total_tax: '11.22',
    total_discounts: '0.00',
    customer: {
      id: 8_011_245_560_095,
      email: 'aino@example.com',
      first_name: address.first_name,
      last_name: address.last_name,
      state: 'disabled',
      verified_email: true,
    },
    billing_address: address,
    shipping_address: address,
    line_items: [
      {
        id: 15_400_927_617_327,
        product_id: 9_004_512_116_015,
        variant_id: 47_120_095_838_511,
        title: 'Enamel mug, sea green',
        sku: 'MUG-SG',
        quantity: 2,
        price: '26.05',
        price_set: money('26.05'),
        grams: 340,
        requires_shipping: true,
        taxable: true,
        vendor: 'Harbour Goods',
      },
    ],
    shipping_lines: [{ id: 5_120_049_336_623, title: 'Post', price: '5.90' }],
    note_attributes: [],
    refunds: [],
  }
}

export const shopifySamples: Record<string, SampleBody> = { 'orders/create': ordersCreate }
