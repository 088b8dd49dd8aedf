/** What every gateway under the HTTP suite is configured with, and who sends to it. */
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { variableName } from '../../src/settings/config.ts'
import { randomSecret, randomUuid } from '../../src/ids.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import { signSample, type Sample, type SampleOptions } from '../../src/providers/sign.ts'
import { sampleKeys, type SampleKeys } from '../../src/providers/signing/sample-keys.ts'

/** A gateway that is asked over HTTP, whatever it runs on. */
export interface HttpTarget extends AsyncDisposable {
  /** Where deliveries and events are taken: another one after a crash. */
  readonly url: string
  /** Ends it without a word, and starts it again on the same storage. */
  crash(): Promise<void>
}

/** Starts a gateway in this environment, with the handlers of HANDLERS_DIRECTORY. */
export type OpenHttp = (env: Readonly<Record<string, string>>) => Promise<HttpTarget>

/** Finds the gateway of the suite, once it has started. */
export type FindTarget = () => HttpTarget

/** Where the handler files are that the gateway serves. */
export const HANDLERS_DIRECTORY = join(import.meta.dir, 'handlers')

export const BODY_BYTES_MAX = 64 * 1024
const BASE_URL = 'https://hooks.example.com'

export const TOKENS = { shop: 'shop-token-0123456789', orders: 'orders-token-0123456789' }

/**
 * A provider for each way to prove a delivery, and what it is answered where that is its to say:
 * the sources have their names.
 */
export const PROVIDERS = {
  github: {},
  stripe: {},
  shopify: {},
  standard_webhooks: {},
  discord: { taken: 204 },
  sendgrid: {},
  postal: {},
  qstash: {},
  telegram: {},
  generic_basic: {},
  cloudinary: {},
  adyen: {},
  twilio: { taken: 204 },
} as const satisfies Record<string, { readonly taken?: number }>

/** Sources beside those: of probes, and of a handler file. */
const OTHERS = {
  slack: 'slack',
  zoom: 'zoom',
  meta: 'meta',
  x: 'x_twitter',
  tickets: 'standard_webhooks',
} as const

export type SourceName = keyof typeof PROVIDERS | keyof typeof OTHERS

const PROVIDER_OF: Readonly<Record<SourceName, string>> = {
  ...OTHERS,
  ...(Object.fromEntries(Object.keys(PROVIDERS).map((name) => [name, name])) as Record<
    keyof typeof PROVIDERS,
    string
  >),
}

const KEYS = new Map(
  Object.entries(PROVIDER_OF).map(([source, provider]) => [source, makeKeys(provider)]),
)

export const META_TOKEN = 'typed-by-me-0123456789'

/** The environment of the gateway; what it stores and where it publishes is the runtime's own. */
export const HTTP_ENV: Readonly<Record<string, string>> = {
  INLET_URL: BASE_URL,
  INLET_SOURCES: Object.entries(PROVIDER_OF)
    .map(([source, provider]) => `${source}=${provider}`)
    .join(','),
  ...Object.fromEntries(
    [...KEYS].map(([source, { secret }]) => [`INLET_SECRET_${variableName(source)}`, secret]),
  ),
  INLET_CONFIG_META_VERIFY_TOKEN: META_TOKEN,
  INLET_EVENTS_TOKEN_SHOP: TOKENS.shop,
  INLET_EVENTS_TOKEN_ORDERS: TOKENS.orders,
  INLET_BODY_BYTES_MAX: String(BODY_BYTES_MAX),
  INLET_BODY_MS_MAX: '500',
  // Each case comes from an address of its own: what one is refused for, no other pays for.
  INLET_TRUSTED_PROXIES: '127.0.0.0/8,::1/128',
  INLET_LOG_DELIVERIES: 'false',
}

/** The key that a source's provider signs with, for those that make a MAC. */
export function secretOf(source: SourceName): string {
  return keysOf(source).signing
}

/** A delivery as the provider of the source would sign it now: its own sample, or this body. */
export function signed(
  source: SourceName,
  options: Partial<Pick<SampleOptions, 'type' | 'eventId' | 'now' | 'secret'>> & {
    readonly body?: string
  } = {},
): Sample {
  const row = CATALOGUE.get(PROVIDER_OF[source])
  if (row === undefined) throw new Error(`there is no provider ${PROVIDER_OF[source]}`)
  const { body, ...rest } = options
  return signSample(row, {
    secret: keysOf(source).signing,
    type: Object.keys(row.samples)[0] ?? 'any',
    eventId: randomUuid(),
    now: systemClock.now(),
    url: `${BASE_URL}/hooks/${source}`,
    ...rest,
    ...(body === undefined ? {} : { body: new TextEncoder().encode(body) }),
  })
}

function keysOf(source: SourceName): SampleKeys {
  const keys = KEYS.get(source)
  if (keys === undefined) throw new Error(`there is no source ${source}`)
  return keys
}

function makeKeys(provider: string): SampleKeys {
  const random = randomSecret()
  const [scheme] = CATALOGUE.get(provider)?.schemes ?? []
  const keys = scheme === undefined ? undefined : sampleKeys(scheme, random)
  return keys ?? { secret: random, signing: random }
}
