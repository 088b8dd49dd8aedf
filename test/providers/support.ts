import type { Delivery, Verdict, Verified, Verifier } from '../../src/delivery.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import type { ProviderRow } from '../../src/providers/row.ts'
import { signSample } from '../../src/providers/sign.ts'
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
  const secret = SECRETS[key] ?? 'a secret that is long enough'
  return { sign: secret, verify: secret }
}

export function verifierOf(
  key: string,
  options: Partial<Parameters<typeof compileVerifier>[1]> = {},
): Verifier {
  const secrets = options.unsigned === true ? [] : [secretsOf(key).verify]
  return compileVerifier(rowOf(key), { secrets, now: () => NOW, ...options })
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
    type: 'sample',
    eventId: 'event-1',
    now: NOW,
    body: bytes,
    ...options,
  })
  return deliveryOf(sample.body, sample.headers)
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
