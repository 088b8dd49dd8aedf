/** The providers that Inlet knows. */
import { genericBasic } from './generic-basic.ts'
import { genericHmac } from './generic-hmac.ts'
import { genericToken } from './generic-token.ts'
import { github } from './github.ts'
import { gitlab } from './gitlab.ts'
import { linear } from './linear.ts'
import type { ProviderRow } from './row.ts'
import { shopify } from './shopify.ts'
import { slack } from './slack.ts'
import { standardWebhooks, standardWebhooksEd25519 } from './standard-webhooks.ts'
import { stripe } from './stripe.ts'
import { svix } from './svix.ts'

const ROWS: readonly ProviderRow[] = [
  genericBasic,
  genericHmac,
  genericToken,
  github,
  gitlab,
  linear,
  shopify,
  slack,
  standardWebhooks,
  standardWebhooksEd25519,
  stripe,
  svix,
]

/** Every row, by key. */
export const CATALOGUE: ReadonlyMap<string, ProviderRow> = new Map(
  ROWS.map((row) => [row.key, row]),
)
