/** Providers that handler files define, in the form of the catalogue's rows. */
import { GatewayError } from '../faults/faults.ts'
import { ProviderRow } from './row.ts'
import type { Scheme } from './schemes.ts'
import { compileVerifier } from './verifier.ts'

/** What is wrong with a row of somebody's own, one line each; the row itself where nothing is. */
export function checkRow(value: unknown): ProviderRow | readonly string[] {
  const parsed = ProviderRow.safeParse(value)
  if (parsed.success) return parsed.data
  return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

/** A delivery with what should become of it: published by a provider, or captured. */
export interface ProviderVector {
  readonly expect: 'accept' | 'reject'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly secrets: readonly string[]
  /** When it was sent, in ms since 1970, where a time is signed. */
  readonly now?: number
  /** The URL that it was sent to, where that is signed. */
  readonly url?: string
  readonly config?: Readonly<Record<string, string>>
}

/**
 * Runs deliveries against a provider, and returns what did not come out as it should: an empty list
 * where all did. Of each that is accepted, the same with another byte behind its body has to be
 * refused, unless the provider does not sign bodies.
 *
 * @throws GatewayError CONFIG_INVALID where the row or a secret cannot be used.
 *
 * @example expect(verifyVectors(acme, vectors)).toEqual([])
 */
export function verifyVectors(
  provider: ProviderRow,
  vectors: readonly ProviderVector[],
): readonly string[] {
  const row = checkRow(provider)
  if (!('key' in row)) throw new GatewayError('CONFIG_INVALID', row.join('\n'))
  const isBodySigned = row.schemes.every(signsBody)
  return vectors.flatMap((vector, index) => {
    const outcome = verify(row, vector, vector.body)
    if (vector.expect === 'reject') {
      return outcome === 'accepted' ? [`vector ${index}: is accepted`] : []
    }
    if (outcome !== 'accepted') return [`vector ${index}: ${outcome}`]
    const changed = isBodySigned ? verify(row, vector, `${vector.body} `) : 'refused'
    return changed === 'accepted' ? [`vector ${index}: another body is accepted as well`] : []
  })
}

/** Whether the proof covers the body, all of it and always. */
function signsBody(scheme: Scheme): boolean {
  if ('signed' in scheme) return /\{(?:sortedForm|(?:\w+:)?body)\}/.test(scheme.signed)
  if (scheme.kind === 'jwt') {
    const { bodyClaim } = scheme
    return bodyClaim !== undefined && bodyClaim.presence !== 'optional'
  }
  return scheme.kind === 'code'
}

function verify(row: ProviderRow, vector: ProviderVector, body: string): string {
  const { secrets, config, headers, now = 0, url = 'https://hooks.example.com/hooks/test' } = vector
  const verifier = compileVerifier(row, {
    secrets,
    ...(config === undefined ? {} : { config }),
    url: url.split('?')[0],
    now: () => now,
  })
  const verdict = verifier({
    source: row.key,
    method: 'POST',
    url,
    headers: new Headers(headers),
    body: new TextEncoder().encode(body),
    receivedAt: now,
  })
  return verdict.kind === 'refused' ? verdict.detail : 'accepted'
}
