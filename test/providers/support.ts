import { generateKeyPairSync } from 'node:crypto'
import type { FindKeys } from '../../src/key-place.ts'
import type { Delivery, Verdict, Verified, Verifier } from '../../src/delivery.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import type { ProviderRow } from '../../src/providers/row.ts'
import { signSample, type Sample } from '../../src/providers/sign.ts'
import { sampleKeys, type SampleKeys } from '../../src/providers/signing/sample-keys.ts'
import { compileVerifier } from '../../src/providers/verifier.ts'

export const NOW = Date.UTC(2026, 2, 4, 9, 30)

/** A secret that each provider could have issued. */
const SECRETS: Readonly<Record<string, string>> = {
  standard_webhooks: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  svix: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  gitlab: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  stripe: 'whsec_n0tBase64_butVerbatim',
  generic_basic: 'relay:with:colons:in:it',
}

/** The private half, and the public one, of the pair in Svix's own tests. */
const PRIVATE_KEY =
  'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=='
export const PUBLIC_KEY = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4='

export function rowOf(key: string): ProviderRow {
  const row = CATALOGUE.get(key)
  if (row === undefined) throw new Error(`no row ${key}`)
  return row
}

/** The secret to sign with, and the one to verify with; they differ for key pairs only. */
export function secretsOf(key: string): { readonly sign: string; readonly verify: string } {
  if (key === 'standard_webhooks_ed25519') return { sign: PRIVATE_KEY, verify: PUBLIC_KEY }
  const secret = SECRETS[key]
  if (secret !== undefined) return { sign: secret, verify: secret }
  const known = pairs.get(key) ?? makeKeys(rowOf(key))
  pairs.set(key, known)
  return { sign: known.signing, verify: known.secret }
}

/** RSA keys take time to make. */
const pairs = new Map<string, SampleKeys>()

function makeKeys(row: ProviderRow): SampleKeys {
  const [scheme] = row.schemes
  if (row.key === 'paddle_classic') {
    const { signing, key } = published(row)
    return { secret: key.export({ type: 'spki', format: 'pem' }), signing }
  }
  const keys = scheme && sampleKeys(scheme, 'a secret that is long enough')
  // Only the provider's own key verifies: `verifierOf` is told that this one is it.
  return keys ?? { secret: '', signing: published(row).signing }
}

/** What stands for the keys that providers publish. */
const PUBLISHED = { rsa: once(() => makePair('rsa')), ed25519: once(() => makePair('ed25519')) }

function published({ schemes }: ProviderRow): ReturnType<typeof makePair> {
  return schemes[0]?.kind === 'ed25519' ? PUBLISHED.ed25519() : PUBLISHED.rsa()
}

function makePair(kind: 'rsa' | 'ed25519') {
  const { privateKey, publicKey } =
    kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync(kind)
  const signing = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')
  return { signing, key: publicKey }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

/** Where the source is registered. */
export const URL = 'https://hooks.example.com/hooks/test'

/** Settings of which a form is asked. */
const CONFIGS: Readonly<Record<string, Record<string, string>>> = {
  aws_sns: { topic_arn: 'arn:aws:sns:eu-west-1:123456789012:orders' },
  connectwise: { key_url: 'https://api-na.myconnectwise.net/keys/' },
}

/** A value for each setting that has to be set. */
export function configOf(row: ProviderRow): Record<string, string> {
  const required = Object.entries(row.config ?? {}).filter(([, field]) => field.required === true)
  const made = Object.fromEntries(required.map(([name]) => [name, `a-${name}`]))
  return { ...made, ...CONFIGS[row.key] }
}

export function verifierOf(
  key: string,
  options: Partial<Parameters<typeof compileVerifier>[1]> = {},
): Verifier {
  const row = withFoundKey(rowOf(key))
  const { verify } = secretsOf(key)
  const secrets = options.unsigned === true || verify === '' ? [] : [verify]
  const findKeys: FindKeys = () => ({ kind: 'found', keys: [published(row).key] })
  const defaults = { secrets, config: configOf(row), url: URL, findKeys, now: () => NOW }
  return compileVerifier(row, { ...defaults, ...options })
}

/** A key that stands in the row is looked for like all others: nobody else has its private half. */
function withFoundKey(row: ProviderRow): ProviderRow {
  const schemes = row.schemes.map((scheme) => {
    const isInRow = 'key' in scheme && scheme.key?.from === 'row'
    return isInRow
      ? { ...scheme, key: { from: 'jwks', url: 'https://example.com' } as const }
      : scheme
  })
  return { ...row, schemes }
}

export function deliveryOf(
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
  source = 'test',
): Delivery {
  return {
    source,
    method: 'POST',
    url: `http://localhost/hooks/${source}`,
    headers: new Headers(headers),
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    receivedAt: NOW,
  }
}

/** A body that is signed as the provider would. */
export function signed(
  key: string,
  body: string | Uint8Array,
  options: Partial<Parameters<typeof signSample>[1]> = {},
): Delivery {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const sample = signSample(rowOf(key), {
    secret: secretsOf(key).sign,
    url: URL,
    config: configOf(rowOf(key)),
    type: 'sample',
    eventId: 'event-1',
    now: NOW,
    body: bytes,
    ...options,
  })
  return sampleDelivery(sample)
}

/** A sample as it arrives. */
export function sampleDelivery({ body, headers, query = '' }: Sample): Delivery {
  return { ...deliveryOf(body, headers), url: URL + query }
}

/** The same delivery with other headers; null takes one away. */
export function withHeaders(
  delivery: Delivery,
  changes: Readonly<Record<string, string | null>>,
): Delivery {
  const headers = new Headers(delivery.headers)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) headers.delete(name)
    else headers.set(name, value)
  }
  return { ...delivery, headers }
}

export function withBody(delivery: Delivery, body: string | Uint8Array): Delivery {
  return { ...delivery, body: typeof body === 'string' ? new TextEncoder().encode(body) : body }
}

/** Fails the test where a delivery was not taken. */
export function expectVerified(verdict: Verdict): Verified {
  if (verdict.kind === 'verified') return verdict
  throw new Error(`not verified: ${JSON.stringify(verdict)}`)
}

/** What a verdict comes down to: `verified`, `handshake`, or the code of a refusal. */
export function outcomeOf(verdict: Verdict): string {
  return verdict.kind === 'refused' ? verdict.code : verdict.kind
}

/** A secret of the same form that is not the right one. */
export function wrongSecret(secret: string): string {
  const last = Math.max(0, secret.replace(/=+$/, '').length - 5)
  return secret.slice(0, last) + (secret[last] === 'A' ? 'B' : 'A') + secret.slice(last + 1)
}
